import type { DatabaseHandle } from '@rushes/db'
import type { PoolClient } from 'pg'

/** Sees to it that of several programs on one database only one does a piece of work at a time. */
export type WorkTurns = {
  /** Does the work unless another program is at it; false when one is. */
  tryDo(key: string, work: () => Promise<void>): Promise<boolean>
  close(): Promise<void>
}

type Session = { client: PoolClient; end: () => void }

/**
 * Turns are advisory locks of one session, so that they end with the program in whatever way it ends, and hours of work hold
 * one connection in all. When that connection breaks the turns are lost while the work goes on: only for work that may be done
 * twice.
 */
export function createWorkTurns({ pool }: Pick<DatabaseHandle, 'pool'>): WorkTurns {
  let session: Promise<Session> | undefined
  /** A session may take its own lock twice, so that it has to be known here who is at it. */
  const running = new Set<string>()

  const begin = async (): Promise<Session> => {
    const client = await pool.connect()
    let hasEnded = false
    const end = () => {
      if (hasEnded) return
      hasEnded = true
      session = undefined // the next turn begins a new one
      client.release(true)
    }
    client.on('error', end)
    client.on('end', end)
    return { client, end }
  }
  const open = async (): Promise<Session> => {
    session ??= begin()
    try {
      return await session
    } catch (error) {
      session = undefined
      throw error
    }
  }
  return {
    async tryDo(key, work) {
      if (running.has(key)) return false
      running.add(key)
      try {
        const { client } = await open()
        const lock = [`rushes work: ${key}`]
        const taking = 'select pg_try_advisory_lock(hashtextextended($1, 0)) as taken'
        const { rows } = await client.query<{ taken: boolean }>(taking, lock)
        if (rows[0]?.taken !== true) return false
        try {
          await work()
        } finally {
          // Where the connection broke the lock went with it.
          await client.query('select pg_advisory_unlock(hashtextextended($1, 0))', lock).catch(() => undefined)
        }
        return true
      } finally {
        running.delete(key)
      }
    },
    async close() {
      const current = await session?.catch(() => undefined) // it never came to be
      current?.end()
    },
  }
}
