import { once } from 'node:events'
import { connect } from 'node:net'

export type Reply = { status: number; head: string; body: string }

/** What is sent: a block again and again up to a length, so that no body has to be held in memory. */
export type Body = { block: Buffer; lengthBytes: number }

export type Connection = {
  send(method: string, path: string, headers: Record<string, string>, body?: Body): Promise<Reply>
  close(): void
}

/**
 * One kept-alive HTTP/1.1 connection with as little work between a request and the socket as can be: the same client for all
 * that are compared, and one that leaves the processor to them. Knows replies with a Content-Length or without a body.
 */
export async function openConnection(origin: string): Promise<Connection> {
  const { hostname, port, host } = new URL(origin)
  const socket = connect({ host: hostname, port: Number(port), noDelay: true })
  await once(socket, 'connect')
  let received: Buffer = Buffer.alloc(0)
  let waiting: PromiseWithResolvers<Reply> | null = null
  const fail = (error: Error) => waiting?.reject(error)
  socket.on('error', fail)
  socket.on('close', () => fail(new Error(`${origin} closed the connection before it had answered`)))
  socket.on('data', (chunk: Buffer) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
    const reply = readReply(received)
    if (reply === null) return
    received = Buffer.alloc(0)
    waiting?.resolve(reply)
  })

  async function writeBody({ block, lengthBytes }: Body): Promise<void> {
    for (let left = lengthBytes; left > 0; left -= block.length) {
      const isTaken = socket.write(left < block.length ? block.subarray(0, left) : block)
      if (!isTaken && left > block.length) await once(socket, 'drain')
    }
  }
  return {
    async send(method, path, headers, body) {
      const lines = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
      waiting = Promise.withResolvers<Reply>()
      const length = body === undefined ? '' : `content-length: ${body.lengthBytes}\r\n`
      socket.write(`${method} ${path} HTTP/1.1\r\n${lines.join('')}${length}\r\n`)
      // An answer that comes before the end of the body is a refusal.
      await Promise.race([body === undefined ? undefined : writeBody(body), waiting.promise])
      return waiting.promise
    },
    close: () => void socket.destroy(),
  }
}

function readReply(bytes: Buffer): Reply | null {
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd === -1) return null
  const head = bytes.toString('latin1', 0, headEnd)
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0)
  const bodyStart = headEnd + 4
  if (bytes.length < bodyStart + length) return null
  return { status: Number(head.slice(9, 12)), head, body: bytes.toString('utf8', bodyStart, bodyStart + length) }
}

/** Fails, with what was answered, unless the status is the one that was expected. */
export function expectStatus(reply: Reply, status: number): Reply {
  if (reply.status !== status) throw new Error(`answered ${reply.status} in place of ${status}: ${reply.body}`)
  return reply
}
