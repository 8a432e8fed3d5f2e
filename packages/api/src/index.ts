export type {
  DeviceMessage,
  FleetDelta,
  FleetMessage,
  LiveControl,
  LiveFleetRow,
  LiveProgress,
  UploadProgressRow,
} from './live/messages.ts'
export { type LiveRouter, liveRouter } from './live/router.ts'
export type { LiveContext, LiveSource, Numbered, WatchOptions } from './live/source.ts'
