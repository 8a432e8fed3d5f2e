import type { DeviceStatus } from '@rushes/protocol'
import type { UnsoundClips } from '../custody/unsound-clips.ts'

/**
 * One device as the fleet table shows it, from the database alone. Ready for JSON: instants are ISO 8601 in UTC.
 * Every field at the first level is replaced whole by a delta of the live stream.
 */
export type FleetRow = {
  deviceId: string
  name: string
  modelName: string
  /** Our own agent; any other device has the upload link alone. */
  isOurAgent: boolean
  pairedAt: string
  /** Our project; null without one and for a foreign destination. */
  project: { id: string; name: string } | null
  /** Uploads go to another C2C server, which names the project. */
  foreign: { uploadTo: string; projectId: string | null; projectName: string | null } | null
  fence: Fence
  presence: Presence
  /** An open pause window, that of all channels (`channel` null) before that of one; what is captured inside never uploads. */
  sharingPause: { since: string; by: string; reason: string | null; channel: number | null } | null
  report: DeviceReport | null
  /** What the destination has found since, which the report does not know of. */
  unsound: UnsoundClips
  /** Commands that have not reached their end. */
  openExecutionCount: number
  agentVersion: string | null
  hostname: string | null
  platform: string | null
  /** When something of it, or of its clips, changed last. */
  changedAt: string
  /** The newest call on the upload link. */
  lastCallAt: string | null
}

/** The device's own account of itself, and its age. */
export type DeviceReport = {
  status: DeviceStatus
  receivedAt: string
  /** Device clock minus server clock; null when never measured. */
  clockOffsetMs: number | null
}

/** Whether the device is known to have left its former project behind. */
export type Fence =
  | { state: 'none' }
  | { state: 'confirmed'; projectEpoch: number }
  /** Moved, but the device has not confirmed yet: until then it may not have heard of it. */
  | {
      state: 'awaitingDevice'
      projectEpoch: number
      since: string
      fromProjectName: string | null
      hasReadProject: boolean
    }

export type Presence =
  | { state: 'online'; since: string }
  | { state: 'offline'; since: string; because: string }
  | { state: 'neverConnected' }
  /** Not our agent: nothing is known but its calls on the upload link. */
  | { state: 'noControlLink' }
  | { state: 'revoked'; since: string }
