import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { type Body, type Connection, openConnection } from './connection.ts'

const run = promisify(execFile)

/** Something that files are sent to. */
export type Receiver = {
  readonly name: string
  readonly origin: string
  /** What comes before the bytes; it is not timed. */
  prepare(count: number, lengthBytes: number): Promise<Transfer>
  stop(): Promise<void>
}

export type Transfer = {
  /** Sends one of the files; resolves when the receiver has taken it. */
  send(connection: Connection, nth: number, body: Body): Promise<void>
  /** Waits until nothing goes on any more and removes what was sent; not timed. */
  forget(): Promise<void>
}

/** Sends files side by side into a folder below `dir`; bytes per second from the first byte to the last answer. */
export async function measureThroughput(
  receiver: Receiver,
  given: { count: number; lengthBytes: number; parallel: number; block: Buffer; dir: string },
): Promise<number> {
  const { count, lengthBytes, block } = given
  const transfer = await receiver.prepare(count, lengthBytes)
  const connections = await Promise.all(Array.from({ length: given.parallel }, () => openConnection(receiver.origin)))
  let next = 0
  const startedMs = performance.now()
  await Promise.all(
    connections.map(async (connection) => {
      while (next < count) await transfer.send(connection, next++, { block, lengthBytes })
    }),
  )
  const seconds = (performance.now() - startedMs) / 1000
  for (const connection of connections) connection.close()
  await transfer.forget()
  // What a deletion leaves for the disk to do, such as discards, is not to be waited for by whoever comes next.
  await run('sync', ['-f', given.dir])
  return (count * lengthBytes) / seconds
}
