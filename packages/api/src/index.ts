export type { ApiContext } from './context.ts'
export { crossSiteRefusal, isOwnOrigin } from './cross-site.ts'
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
export { type ProcedurePath, procedurePaths, roleNeededFor } from './procedure-roles.ts'
export { type AppRouter, appRouter } from './router.ts'
export { createCallerFactory } from './trpc.ts'
