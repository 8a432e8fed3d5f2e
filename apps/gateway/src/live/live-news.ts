import type { DeviceStatus } from '@rushes/protocol'

export type ProgressNews = {
  rateBytesPerSecond: number
  uploads: readonly { id: string; bytesAcknowledged: number; bytesInFlight: number; partsDone: number }[]
}

/** What the device side tells the live side of this process. Cheap when nobody looks. */
export interface LiveNews {
  /** Rows of the device changed in the database. */
  deviceChanged(deviceId: string): void
  uploadsChanged(deviceId: string, uploadIds: readonly string[]): void
  executionsChanged(deviceId: string): void
  eventsAdded(deviceId: string): void
  /** From the device's mouth, newer than what is stored. Null: it is not connected here any more. */
  status(deviceId: string, status: DeviceStatus | null): void
  progress(deviceId: string, progress: ProgressNews | null): void
}
