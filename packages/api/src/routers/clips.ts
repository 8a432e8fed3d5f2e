import { askScrub, getClip, listClipParts, renameClip } from '@rushes/fleet'
import { z } from 'zod'
import { acting, clocked } from '../context.ts'
import { pageLimit } from '../inputs.ts'
import { expectKind } from '../refusal.ts'
import { procedure, router } from '../trpc.ts'

const assetId = z.uuid()

export const clipsRouter = router({
  get: procedure
    .input(z.object({ assetId }))
    .query(async ({ ctx, input }) => expectKind(await getClip(clocked(ctx), input), 'found').clip),
  /** Has the stored bytes read and compared now. */
  checkAgain: procedure
    .input(z.object({ assetId }))
    .mutation(async ({ ctx, input }) => expectKind(await askScrub(acting(ctx), input), 'asked')),
  rename: procedure
    .input(z.object({ assetId, name: z.string().max(255) }))
    .mutation(async ({ ctx, input }) => expectKind(await renameClip(acting(ctx), input), 'renamed')),
  parts: procedure
    .input(
      z.object({
        assetId,
        onlyDiffering: z.boolean().default(false),
        /** The last number of the page before. */
        cursor: z.number().int().min(0).nullish(),
        limit: pageLimit,
      }),
    )
    .query(({ ctx, input: { cursor, ...input } }) =>
      listClipParts(clocked(ctx), { ...input, afterNumber: cursor ?? 0 }),
    ),
})
