import { failAbandoned } from '@rushes/fleet'
import { partUrlLifetimeMs, refreshTokenLifetimeMs } from '@rushes/protocol'
import type { Logger } from 'pino'
import type { DatabaseCall } from '../../database-call.ts'
import type { Gathering } from './gathering.ts'

/** After its last sign of life every URL of a fixed-size upload is dead for a day: nobody can go on with it. */
const fixedIdleMs = partUrlLifetimeMs + 86_400_000
/** A recorder that is away may ask for parts anew as long as it can refresh its token. */
const realtimeIdleMs = refreshTokenLifetimeMs

/** Fails uploads that were given up by their devices, and throws away what was gathered for them. */
export async function collectAbandoned(given: {
  call: DatabaseCall
  gathering: Gathering
  log: Logger
  onAbandoned: (count: number) => void
}): Promise<void> {
  const { failedIds } = await given.call((clocked) => failAbandoned(clocked, { fixedIdleMs, realtimeIdleMs }))
  for (const assetId of failedIds) {
    given.log.info({ assetId }, 'an upload that nobody goes on with is given up')
    await given.gathering.discard(assetId)
  }
  given.onAbandoned(failedIds.length)
}
