import { subscribe } from 'node:diagnostics_channel'
import { readFile } from 'node:fs/promises'
import { Socket } from 'node:net'

/**
 * Which connection a body leaves by. undici does not say, but publishes the two together on its diagnostics channel at the moment at which
 * it begins to write.
 */
const sockets = new WeakMap<object, Socket>()
subscribe('undici:client:sendHeaders', (message) => {
  if (typeof message !== 'object' || message === null || !('request' in message) || !('socket' in message)) return
  const { request, socket } = message
  if (typeof request !== 'object' || request === null || !('body' in request) || !(socket instanceof Socket)) return
  if (typeof request.body === 'object' && request.body !== null) sockets.set(request.body, socket)
})

/**
 * How many bytes of a body have been handed to the system but not taken by the other side. The system's buffer holds megabytes and tells of
 * room only when much of it is free, so on a slow line this is the only thing that is seen to move. Null where it cannot be told: before
 * the body has a connection, and on systems without `/proc`.
 */
export async function unsentBytes(body: object): Promise<number | null> {
  const socket = sockets.get(body)
  if (socket === undefined || socket.destroyed) return null
  const { localPort, remotePort } = socket
  if (localPort === undefined || remotePort === undefined) return null
  for (const table of ['/proc/self/net/tcp', '/proc/self/net/tcp6']) {
    const queued = queueOf(await readFile(table, 'utf8').catch(() => ''), localPort, remotePort)
    if (queued !== null) return queued + waitingInProcess(socket)
  }
  return null
}

/** The send queue of a connection in the table of proc_net(5); null when it is not in it. */
function queueOf(table: string, localPort: number, remotePort: number): number | null {
  const hex = (port: number) => port.toString(16).toUpperCase().padStart(4, '0')
  const line = new RegExp(`:${hex(localPort)} [0-9A-F]+:${hex(remotePort)} [0-9A-F]{2} ([0-9A-F]+):`)
  const queue = line.exec(table)?.[1]
  return queue === undefined ? null : Number.parseInt(queue, 16)
}

/** What the event loop has not yet been able to give to the system; it shrinks with every partial write, unlike `writableLength`. */
function waitingInProcess(socket: Socket): number {
  const handle: unknown = '_handle' in socket ? socket._handle : null
  const isCounting = typeof handle === 'object' && handle !== null && 'writeQueueSize' in handle
  return isCounting && typeof handle.writeQueueSize === 'number' ? handle.writeQueueSize : 0
}
