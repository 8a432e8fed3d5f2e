import { connect, createServer, type Socket } from 'node:net'
import { createLink, type LinkConnection, type LinkShape } from './link-model.ts'
import { listenOnFreePort } from './listener.ts'
import type { SeededRandom } from './seeded-random.ts'

export type LinkProxy = {
  readonly host: string
  readonly port: number
  /** What has come out at the far end since the beginning. */
  deliveredBytes(): number
  close(): Promise<void>
}

/** Between two looks at the clock: as fine as timers are. */
const tickMs = 1

/**
 * A proxy for any protocol over TCP whose way to the upstream is one line that all connections share (see `createLink`). The way back
 * takes half a round trip and has no other limit.
 */
export async function startLinkProxy(options: {
  upstreamPort: number
  shape: LinkShape
  random: Pick<SeededRandom, 'chance'>
}): Promise<LinkProxy> {
  const { shape } = options
  const link = createLink(shape, options.random)
  const begunMs = performance.now()
  let deliveredBytes = 0
  let timer: NodeJS.Timeout | undefined
  const flushes = new Set<() => void>()
  const look = () => {
    timer = undefined
    link.advance(performance.now() - begunMs)
    for (const flush of flushes) flush()
    flushes.clear()
    if (link.nextAtMs() !== null) wake()
  }
  const wake = () => {
    timer ??= setTimeout(look, tickMs)
  }

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const far = connect({ host: '127.0.0.1', port: options.upstreamPort, allowHalfOpen: true, noDelay: true })
    link.advance(performance.now() - begunMs)
    let arrivedBytes = 0
    const connection = link.connect((byteCount) => {
      arrivedBytes += byteCount
      deliveredBytes += byteCount
      flushes.add(flush)
    })
    const waiting = carry(client, far, connection, shape.windowBytes)
    const flush = () => {
      waiting.release(arrivedBytes)
      arrivedBytes = 0
    }
    client.on('data', () => wake())
    wake()
    const later = (happen: () => void) => setTimeout(happen, shape.roundTripMs / 2)
    far.on('data', (chunk) => later(() => client.write(chunk)))
    far.on('end', () => later(() => client.end()))
    far.on('close', () => later(() => client.destroySoon()))
    client.on('close', () => {
      connection.close()
      far.destroy()
    })
    // 'close' follows either way, and ends the other side.
    for (const socket of [client, far]) socket.on('error', () => undefined)
  })
  const listener = await listenOnFreePort(server)
  return {
    host: '127.0.0.1',
    port: listener.port,
    deliveredBytes: () => deliveredBytes,
    close: async () => {
      await listener.close()
      clearTimeout(timer)
    },
  }
}

/** Hands what comes from the one socket to the line and, as it arrives, to the other; never holds more than one window. */
function carry(from: Socket, to: Socket, connection: LinkConnection, mostBytes: number) {
  const chunks: Buffer[] = []
  let hasEnded = false
  from.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    connection.send(chunk.byteLength)
    if (connection.waitingBytes() >= mostBytes) from.pause()
  })
  from.on('end', () => {
    hasEnded = true
    if (chunks.length === 0) to.end()
  })
  return {
    release(byteCount: number) {
      let leftBytes = byteCount
      while (leftBytes > 0) {
        const chunk = chunks[0]
        if (chunk === undefined) break
        if (chunk.byteLength > leftBytes) chunks[0] = chunk.subarray(leftBytes)
        else chunks.shift()
        to.write(chunk.subarray(0, leftBytes))
        leftBytes -= Math.min(leftBytes, chunk.byteLength)
      }
      if (connection.waitingBytes() < mostBytes) from.resume()
      if (hasEnded && chunks.length === 0) to.end()
    },
  }
}
