import { readFile } from 'node:fs/promises'
import type { Socket } from 'node:net'

/** Connections that a body left by and that are open; a proxy's are among them. */
const open = new Set<Socket>()
let takenByClosedBytes = 0

/** To be called for each connection that a body leaves by, as often as one does: what it carries counts from then on. */
export function countTaken(connection: Socket): void {
  if (open.has(connection)) return
  open.add(connection)
  connection.once('close', () => {
    open.delete(connection)
    takenByClosedBytes += connection.bytesWritten
  })
}

/**
 * How many bytes of what left by a connection have been handed to the system but not taken by the other side. The system's buffer holds megabytes and tells of
 * room only when much of it is free, so on a slow line this is the only thing that is seen to move. Null where it cannot be told: of one
 * that is over, and on systems without `/proc`.
 */
export const unsentBytes = async (connection: Socket): Promise<number | null> =>
  connection.destroyed ? null : unsentOf(connection, await readTables())

/** Whether all that was given to a connection has left this process: a reply may come before it has. */
export const isWritten = (connection: Socket): boolean =>
  !connection.destroyed && connection.writableLength === 0 && waitingInProcess(connection) === 0

/**
 * How many bytes the other sides of all connections have taken since the beginning, as far as that can be told; null where it cannot. What was
 * handed to the system says little of a line: each new connection swallows megabytes at once.
 */
export async function takenBytes(): Promise<number | null> {
  const tables = open.size === 0 ? '' : await readTables()
  let sum = takenByClosedBytes
  for (const socket of open) {
    const unsent = unsentOf(socket, tables)
    if (unsent === null) return null
    sum += socket.bytesWritten - unsent
  }
  return sum
}

const readTables = async (): Promise<string> =>
  (
    await Promise.all(
      ['/proc/self/net/tcp', '/proc/self/net/tcp6'].map((table) => readFile(table, 'utf8').catch(() => '')),
    )
  ).join('')

function unsentOf(socket: Socket, tables: string): number | null {
  const { localPort, remotePort } = socket
  if (localPort === undefined || remotePort === undefined) return null
  const queued = queueOf(tables, localPort, remotePort)
  return queued === null ? null : queued + waitingInProcess(socket)
}

/** The send queue of a connection in the tables of proc_net(5); null when it is not in it. */
function queueOf(tables: string, localPort: number, remotePort: number): number | null {
  const hex = (port: number) => port.toString(16).toUpperCase().padStart(4, '0')
  const line = new RegExp(`:${hex(localPort)} [0-9A-F]+:${hex(remotePort)} [0-9A-F]{2} ([0-9A-F]+):`)
  const queue = line.exec(tables)?.[1]
  return queue === undefined ? null : Number.parseInt(queue, 16)
}

/** What the event loop has not yet been able to give to the system; it shrinks with every partial write, unlike `writableLength`. */
function waitingInProcess(socket: Socket): number {
  const handle: unknown = '_handle' in socket ? socket._handle : null
  const isCounting = typeof handle === 'object' && handle !== null && 'writeQueueSize' in handle
  return isCounting && typeof handle.writeQueueSize === 'number' ? handle.writeQueueSize : 0
}
