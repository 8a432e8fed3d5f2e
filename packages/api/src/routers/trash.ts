import { emptyTrash, listTrash, previewRetention, restoreClips, setRetention, trashClips } from '@rushes/fleet'
import { z } from 'zod'
import { acting, clocked } from '../context.ts'
import { pageLimit, reason } from '../inputs.ts'
import { expectKind } from '../refusal.ts'
import { procedure, router } from '../trpc.ts'

const projectId = z.uuid()
const assetIds = z.array(z.uuid()).min(1).max(500)
const why = reason.nullable().default(null)
const retention = z.object({ projectId, trashDays: z.number(), clipDays: z.number().nullable() })

export const trashRouter = router({
  list: procedure
    .input(
      z.object({
        projectId,
        cursor: z.object({ at: z.iso.datetime(), assetId: z.uuid() }).nullish(),
        limit: pageLimit,
      }),
    )
    .query(({ ctx, input: { cursor, ...input } }) => listTrash(clocked(ctx), { ...input, after: cursor ?? null })),
  put: procedure
    .input(z.object({ assetIds, reason: why }))
    .mutation(({ ctx, input }) => trashClips(acting(ctx), input)),
  restore: procedure
    .input(z.object({ assetIds, reason: why }))
    .mutation(({ ctx, input }) => restoreClips(acting(ctx), input)),
  /** Removes for good what the person saw: as many clips as they typed, none that came after `asOf`. */
  empty: procedure
    .input(z.object({ projectId, clipCount: z.number().int().min(0), asOf: z.iso.datetime(), reason: why }))
    .mutation(async ({ ctx, input }) =>
      expectKind(await emptyTrash(acting(ctx), { ...input, asOf: new Date(input.asOf) }), 'emptied'),
    ),
  setRetention: procedure
    .input(retention.extend({ reason: why }))
    .mutation(async ({ ctx, input }) => expectKind(await setRetention(acting(ctx), input), 'set')),
  /** What other days would do at once. Changes nothing. */
  previewRetention: procedure
    .input(
      retention.extend({
        trashDays: z.number().int().min(1).max(3_650),
        clipDays: z.number().int().min(1).max(3_650).nullable(),
      }),
    )
    .query(({ ctx, input }) => previewRetention(clocked(ctx), input)),
})
