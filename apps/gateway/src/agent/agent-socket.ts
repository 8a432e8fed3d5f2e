import type { WebSocket } from 'ws'

/** What a session needs of its socket. */
export interface AgentSocket {
  readonly bufferedBytes: number
  send(text: string): void
  ping(): void
  pause(): void
  resume(): void
  /** Says goodbye on the transport; the other side has `withinMs` to answer, then the socket is destroyed. */
  close(code: number, withinMs: number): void
  /** Destroys the socket now. */
  terminate(): void
}

export type AgentSocketEvents = {
  message(data: Buffer, isBinary: boolean): void
  /** Anything at all came in. */
  heard(): void
  closed(cause: string): void
}

/** A WebSocket as a session sees it. */
export function wrapSocket(socket: WebSocket, events: AgentSocketEvents): AgentSocket {
  let cause: string | null = null
  let closeTimer: NodeJS.Timeout | null = null
  socket.binaryType = 'nodebuffer'
  socket.on('message', (data, isBinary) => {
    events.heard()
    events.message(asBuffer(data), isBinary)
  })
  socket.on('ping', () => events.heard())
  socket.on('pong', () => events.heard())
  socket.on('error', (error) => {
    // `ws` closes the connection itself, with the status that fits; what is left is to say why.
    cause ??= 'code' in error && error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' ? 'messageTooLarge' : 'socketError'
  })
  socket.on('close', (code) => {
    if (closeTimer !== null) clearTimeout(closeTimer)
    events.closed(cause ?? (code === 1006 ? 'lost' : 'closedByDevice'))
  })
  return {
    get bufferedBytes() {
      return socket.bufferedAmount
    },
    send: (text) => socket.send(text),
    ping: () => socket.ping(),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close: (code, withinMs) => {
      socket.resume() // a paused one would never see the answer
      socket.close(code)
      closeTimer ??= setTimeout(() => socket.terminate(), withinMs)
    },
    terminate: () => socket.terminate(),
  }
}

/** With `binaryType` `nodebuffer` every message is one buffer. */
function asBuffer(data: Buffer | ArrayBuffer | Buffer[]): Buffer {
  if (Buffer.isBuffer(data)) return data
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data)
}
