import {
  createProject,
  getProjectOverview,
  listProjects,
  pauseProjectSharing,
  previewManifest,
  resumeProjectSharing,
  setFolderBy,
} from '@rushes/fleet'
import { z } from 'zod'
import { acting, clocked } from '../context.ts'
import { defined } from '../defined.ts'
import { reason } from '../inputs.ts'
import { expectKind } from '../refusal.ts'
import { procedure, router } from '../trpc.ts'

const projectId = z.uuid()

export const projectsRouter = router({
  list: procedure
    .input(z.object({ includeArchived: z.boolean().optional() }).default({}))
    .query(({ ctx, input }) => listProjects(clocked(ctx), defined(input))),
  get: procedure
    .input(z.object({ projectId }))
    .query(async ({ ctx, input }) => expectKind(await getProjectOverview(clocked(ctx), input), 'found').project),
  create: procedure
    .input(
      z.object({
        name: z.string().max(500),
        timezone: z.string().max(64).optional(),
        folderBy: z.enum(['capture', 'upload']).optional(),
      }),
    )
    .mutation(
      async ({ ctx, input }) => expectKind(await createProject(acting(ctx), defined(input)), 'created').project,
    ),
  /** For clips that are created from now on. */
  setFolderBy: procedure
    .input(z.object({ projectId, folderBy: z.enum(['capture', 'upload']), reason: reason.nullable().default(null) }))
    .mutation(async ({ ctx, input }) => expectKind(await setFolderBy(acting(ctx), input), 'set')),
  /** What a manifest would list and leave out, and which days there are. */
  manifestPreview: procedure
    .input(z.object({ projectId, day: z.iso.date().nullable(), deviceId: z.uuid().nullable() }))
    .query(
      async ({ ctx, input: scope }) => expectKind(await previewManifest(clocked(ctx), { scope }), 'found').preview,
    ),
  /** Pauses sharing on every device that is in the project now. */
  pauseSharing: procedure
    .input(z.object({ projectId, reason }))
    .mutation(async ({ ctx, input }) => expectKind(await pauseProjectSharing(acting(ctx), input), 'changed')),
  resumeSharing: procedure
    .input(z.object({ projectId, reason: reason.nullable().default(null) }))
    .mutation(async ({ ctx, input }) => expectKind(await resumeProjectSharing(acting(ctx), input), 'changed')),
})
