import type { Role } from '@rushes/fleet'
import type { Logger } from 'pino'
import type { DatabaseCall } from './database-call.ts'
import type { BodiesInFlight } from './http/bodies-in-flight.ts'
import type { RateLimiter } from './http/rate-limiter.ts'
import type { SeenTokens } from './http/seen-tokens.ts'
import type { Limits } from './limits.ts'
import type { Metrics } from './metrics/metrics.ts'
import type { PartSigner } from './parts/part-signer.ts'
import type { PartReceiver } from './parts/receive-part.ts'
import type { Receptions } from './parts/receptions.ts'
import type { ObjectStore } from './store/port.ts'
import type { Drain } from './upkeep/drain.ts'
import type { FoundCondition } from './upkeep/judge-store.ts'
import type { Room } from './upkeep/room.ts'

/** What the routes are given. */
export type IngestContext = {
  call: DatabaseCall
  clock: () => Date
  log: Logger
  limits: Limits
  limiter: RateLimiter
  seenTokens: SeenTokens
  bodies: BodiesInFlight
  /** Where people sign in and approve pairing codes. */
  publicUrl: string
  /** How devices reach this program. */
  ingestUrl: string
  store: ObjectStore
  room: Room
  metrics: Metrics
  drain: Drain
  /** What is wrong with the store, as of the last look. */
  conditions: () => readonly FoundCondition[]
  signer: PartSigner
  receivePart: PartReceiver
  receptions: Receptions
  /** Where parts do not come through this program: looks which of an upload have arrived. */
  noticeParts: (assetId: string) => Promise<void>
  /** Every part of an upload is in. */
  onWhole: (assetId: string) => void
  /** A whole clip's digests are in. */
  onReadyToVerify: (assetId: string) => void
  /** The role of whom these cookies belong to; null: nobody is signed in. */
  roleOf: (headers: Headers) => Promise<Role | null>
  /** Rejects when the database cannot be asked. */
  pingDatabase: () => Promise<void>
}
