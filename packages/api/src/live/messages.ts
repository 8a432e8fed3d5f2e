import type { ExecutionRow, FleetRow, UploadRow } from '@rushes/fleet'

/**
 * What the live stream carries. Every subscription begins with a snapshot in pieces, ended by `snapshotEnd` (so that "no rows"
 * and "not here yet" differ), or, when it resumes and the hub still has what was missed, with `resumed`. Then deltas: the last
 * value of each field that changed, never a history. All of it is JSON; instants are ISO 8601 in UTC by the server's clock.
 */
export type LiveControl =
  /** Everything of the snapshot was sent: what is not in it does not exist. Drop rows that an earlier stream left. */
  | { type: 'snapshotEnd'; seq: number; at: string }
  /** Nothing was missed beyond what follows: keep the rows. */
  | { type: 'resumed'; seq: number; at: string }
  /** Sent when nothing else was for a while. What is shown is true as of `at`. */
  | { type: 'heartbeat'; at: string }

/** What moves on a device at this moment: from the device's memory, never stored. Null: nothing was told lately. */
export type LiveProgress = {
  rateBytesPerSecond: number
  bytesInFlight: number
  /** Uploads with bytes under way. */
  uploadCount: number
  receivedAt: string
}

export type LiveFleetRow = FleetRow & { progress: LiveProgress | null }

/** The fields of one row that changed, each whole. A device that the table has not seen yet comes with all of them. */
export type FleetDelta = { deviceId: string } & Partial<Omit<LiveFleetRow, 'deviceId'>>

export type FleetMessage =
  | LiveControl
  | { type: 'snapshot'; rows: LiveFleetRow[] }
  | { type: 'changes'; seq: number; at: string; rows: FleetDelta[]; removedDeviceIds: string[] }

export type UploadProgressRow = {
  uploadId: string
  bytesAcknowledged: number
  bytesInFlight: number
  partsDone: number
  receivedAt: string
}

export type DeviceMessage =
  | LiveControl
  /** Comes first. `uploadCount`: how many the server knows; the snapshot carries those that are not settled and the newest of the rest. */
  | {
      type: 'snapshot'
      row: LiveFleetRow | null
      uploadCount: number
      uploads: UploadRow[]
      executions: ExecutionRow[]
      progress: UploadProgressRow[]
    }
  | {
      type: 'changes'
      seq: number
      at: string
      row: FleetDelta | null
      /** New or changed, each whole. */
      uploads: UploadRow[]
      executions: ExecutionRow[]
      progress: UploadProgressRow[]
      /** Something was added to the device's timeline: read it again. */
      hasNewEvents: boolean
    }
