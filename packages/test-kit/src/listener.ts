import type { Server, Socket } from 'node:net'
import { listenOn, listenOnOwnPort } from './own-port.ts'

/** A listening server that can play dead and come back on the same port. */
export type Listener = {
  readonly port: number
  /** New connections are refused from here on; those that exist go on. */
  refuse(): Promise<void>
  accept(): Promise<void>
  /** Ends every connection: in an orderly way, or with a reset. */
  cutConnections(how: 'close' | 'reset'): void
  close(): Promise<void>
}

export async function listenOnFreePort(server: Server): Promise<Listener> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined) // the two ends break connections on purpose; 'close' follows either way
    socket.on('close', () => sockets.delete(socket))
  })
  const port = await listenOnOwnPort(server)
  const cutConnections = (how: 'close' | 'reset') => {
    for (const socket of sockets) {
      if (how === 'reset') socket.resetAndDestroy()
      else socket.destroy()
    }
  }
  // The callback of `close` waits for the last connection to end; refusing must not.
  const stopListening = () => {
    if (server.listening) server.close()
  }
  return {
    port,
    refuse: async () => stopListening(),
    accept: () => listenOn(server, port),
    cutConnections,
    close: async () => {
      stopListening()
      cutConnections('close')
    },
  }
}
