import type { IncomingMessage } from 'node:http'

/** The first half of an answer as it would go over the wire, head and body. The upstream has finished when this resolves. */
export async function firstHalfOf(answer: IncomingMessage): Promise<Buffer> {
  const lines = [`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}`]
  for (let at = 0; at < answer.rawHeaders.length; at += 2) {
    lines.push(`${answer.rawHeaders[at]}: ${answer.rawHeaders[at + 1]}`)
  }
  const chunks: Buffer[] = [Buffer.from(`${lines.join('\r\n')}\r\n\r\n`)]
  for await (const chunk of answer) chunks.push(chunk)
  const whole = Buffer.concat(chunks)
  return whole.subarray(0, whole.length / 2)
}
