import {
  assignProject,
  countDeviceUploads,
  forgetDevice,
  getDevice,
  listDeviceExecutions,
  listDeviceUploads,
  listTimeline,
  pauseSharing,
  resumeSharing,
  setAuthorizationExpiry,
  uploadGroups,
} from '@rushes/fleet'
import { z } from 'zod'
import { acting, clocked } from '../context.ts'
import { defined } from '../defined.ts'
import { pageLimit, reason, search } from '../inputs.ts'
import { expectKind } from '../refusal.ts'
import { procedure, router } from '../trpc.ts'

const deviceId = z.uuid()
/** Null: all of them. */
const channel = z.number().int().min(0).max(2_147_483_647).nullable().default(null)

export const devicesRouter = router({
  get: procedure
    .input(z.object({ deviceId }))
    .query(async ({ ctx, input }) => expectKind(await getDevice(clocked(ctx), input), 'found').device),
  uploads: procedure
    .input(
      z.object({
        deviceId,
        groups: z.array(z.enum(uploadGroups)).max(uploadGroups.length).nullable().default(null),
        search,
        cursor: z.object({ rank: z.number().int(), key: z.number(), uploadId: z.string().max(64) }).nullish(),
        limit: pageLimit,
      }),
    )
    .query(({ ctx, input: { cursor, ...input } }) =>
      listDeviceUploads(clocked(ctx), { ...defined(input), after: cursor ?? null }),
    ),
  uploadCounts: procedure
    .input(z.object({ deviceId }))
    .query(({ ctx, input }) => countDeviceUploads(clocked(ctx), input)),
  executions: procedure
    .input(z.object({ deviceId, limit: pageLimit }))
    .query(({ ctx, input }) => listDeviceExecutions(clocked(ctx), input)),
  timeline: procedure
    .input(
      z.object({
        deviceId,
        cursor: z.object({ at: z.iso.datetime(), id: z.string().max(80) }).nullish(),
        limit: pageLimit,
      }),
    )
    .query(({ ctx, input: { cursor, ...input } }) => listTimeline(clocked(ctx), { ...input, after: cursor ?? null })),
  assign: procedure
    .input(z.object({ deviceId, projectId: z.uuid().nullable(), reason }))
    .mutation(async ({ ctx, input }) => expectKind(await assignProject(acting(ctx), input), 'assigned')),
  pauseSharing: procedure
    .input(z.object({ deviceId, channel, reason }))
    .mutation(async ({ ctx, input }) => expectKind(await pauseSharing(acting(ctx), input), 'paused')),
  forget: procedure
    .input(z.object({ deviceId, reason }))
    .mutation(async ({ ctx, input }) => expectKind(await forgetDevice(acting(ctx), input), 'forgotten')),
  setAuthorizationExpiry: procedure
    .input(z.object({ deviceId, expiresAt: z.iso.datetime().nullable(), reason: reason.nullable().default(null) }))
    .mutation(async ({ ctx, input: { expiresAt, ...input } }) =>
      expectKind(
        await setAuthorizationExpiry(acting(ctx), {
          ...input,
          expiresAt: expiresAt === null ? null : new Date(expiresAt),
        }),
        'set',
      ),
    ),
  resumeSharing: procedure
    .input(z.object({ deviceId, channel, reason: reason.nullable().default(null) }))
    .mutation(async ({ ctx, input }) => expectKind(await resumeSharing(acting(ctx), input), 'resumed')),
})
