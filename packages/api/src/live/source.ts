import type { Person } from '@rushes/fleet'
import type { DeviceMessage, FleetMessage } from './messages.ts'

/** A message and the id with which a browser that lost its stream asks to resume after it. */
export type Numbered<Message> = { id: string; message: Message }

/** What the live router needs of the process that holds the live values. */
export type LiveSource = {
  /** Never ends by itself; says something at least every few seconds. Ends when `signal` aborts. */
  fleet(options: WatchOptions & { visibleDeviceIds: readonly string[] | null }): AsyncIterable<Numbered<FleetMessage>>
  device(options: WatchOptions & { deviceId: string }): AsyncIterable<Numbered<DeviceMessage>>
}

export type WatchOptions = {
  /** The id of the last message that arrived before the stream was lost. */
  resumeAfter: string | null
  signal: AbortSignal
}

export type LiveContext = {
  source: LiveSource
  /** Who looks on; null when nobody is signed in. Asked again while the stream runs. */
  findPerson(): Promise<Person | null>
}
