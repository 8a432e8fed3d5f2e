import type { Database } from '@rushes/db'
import type { Bus } from '@rushes/fleet'
import type { Logger } from 'pino'
import type { LiveNews } from '../live/live-news.ts'
import type { AgentSession, SessionState } from './session.ts'

/** What a session needs of the process around it. */
export type SessionDeps = {
  gatewayId: string
  db: Database
  log: Logger
  live: LiveNews
  bus: Bus
  now: () => Date
  monotonicMs: () => number
  /** When a device that is sent away comes back: drawn anew for each, so that they don't come together. */
  reconnectDelayMs: () => number
  /** How often this device is to report. */
  reportEveryMs: (deviceId: string) => number
  /** The session is welcomed and recorded; `supersededEpoch` is the connection that it took the place of. */
  onOpened: (session: AgentSession, opened: { epoch: number; supersededEpoch: number | null }) => void
  onEnded: (session: AgentSession, was: SessionState, cause: string) => void
  /** Hand out what is due to these devices. */
  requestDelivery: (deviceIds: readonly string[]) => void
  /** A connection that has to be recorded as closed although its session is over. */
  recordClosed: (connection: { epoch: number; cause: string }) => void
}
