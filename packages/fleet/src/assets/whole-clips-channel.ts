import type { Database } from '@rushes/db'
import { sql } from 'drizzle-orm'
import type { BusProblem } from '../bus/bus.ts'
import { listen } from '../bus/listen.ts'

/** On which one instance of ingest tells another that every part of some clips is in. */
const channel = 'rushes_whole_clips'

const isId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
/** PostgreSQL refuses a payload of 8,000 bytes and more. */
const maxIdsPerPayload = 200
/** Whoever does not hear of a clip comes upon it when it looks through the rows: telling of all of many is not worth it. */
const maxIds = 1_000
/** However many clips become whole, so often at most: each commit that notifies locks the whole database. */
const tellEveryMs = 25

/** Tells the instance that puts clips together which ones are whole. At most once: the rows say it too. */
export type WholeClipsChannel = {
  tell(assetId: string): void
  /** Resolves when nothing is told or heard any more. Never rejects. */
  stop(): Promise<void>
}

/** Opens it; what any instance tells, this one too, is heard. */
export function openWholeClipsChannel(given: {
  db: Database
  connectionString: string
  onWhole: (assetId: string) => void
  /** It could not be heard, or told; heard again by itself. */
  onProblem: (problem: BusProblem) => void
}): WholeClipsChannel {
  const { db, onProblem } = given
  const listener = listen({
    connectionString: given.connectionString,
    applicationName: 'rushes-ingest',
    channel,
    onPayload(payload) {
      // Whoever may use the database may notify.
      for (const assetId of payload.split(',')) if (isId.test(assetId)) given.onWhole(assetId)
    },
    onListening: () => undefined,
    onProblem,
  })
  const untold = new Set<string>()
  let telling: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout | null = null
  const tellAll = async () => {
    const ids = [...untold]
    untold.clear()
    try {
      for (let first = 0; first < ids.length; first += maxIdsPerPayload) {
        const payload = ids.slice(first, first + maxIdsPerPayload).join(',')
        await db.execute(sql`select pg_notify(${channel}, ${payload})`)
      }
    } catch (error) {
      onProblem({ error, attempt: 1, retryInMs: 0 })
    }
  }
  return {
    tell(assetId) {
      if (untold.size < maxIds) untold.add(assetId)
      timer ??= setTimeout(() => {
        timer = null
        telling = telling.then(tellAll)
      }, tellEveryMs)
    },
    async stop() {
      if (timer !== null) clearTimeout(timer)
      await telling
      await listener.stop()
    },
  }
}
