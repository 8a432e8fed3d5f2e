import type { IncomingMessage } from 'node:http'

/** The first half of an answer as it would go over the wire, head and body. The upstream has finished when this resolves. */
export async function firstHalfOf(answer: IncomingMessage): Promise<Buffer> {
  const lines = [`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}`]
  for (let at = 0; at < answer.rawHeaders.length; at += 2) {
    lines.push(`${answer.rawHeaders[at]}: ${answer.rawHeaders[at + 1]}`)
  }
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(chunk)
  const body = Buffer.concat(chunks)
  const isChunked = answer.headers['transfer-encoding'] === 'chunked'
  const sized = isChunked ? [`${body.length.toString(16)}\r\n`, body, '\r\n0\r\n\r\n'] : [body]
  const whole = Buffer.concat([`${lines.join('\r\n')}\r\n\r\n`, ...sized].map((piece) => Buffer.from(piece)))
  return whole.subarray(0, whole.length / 2)
}
