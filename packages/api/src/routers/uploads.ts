import { countUploads, listClips } from '@rushes/fleet'
import { uploadStates } from '@rushes/protocol'
import { z } from 'zod'
import { clocked } from '../context.ts'
import { defined } from '../defined.ts'
import { pageLimit, search } from '../inputs.ts'
import { procedure, router } from '../trpc.ts'

const filter = z.object({
  search,
  states: z.array(z.enum(uploadStates)).max(uploadStates.length).optional(),
  custody: z
    .array(z.enum(['no', 'pending', 'verified', 'mismatch', 'sizeChecked']))
    .max(5)
    .optional(),
  deviceId: z.uuid().optional(),
  projectId: z.uuid().optional(),
  needsAttention: z.literal(true).optional(),
})

export const uploadsRouter = router({
  list: procedure
    .input(
      z.object({
        filter: filter.default({}),
        cursor: z.object({ at: z.iso.datetime(), deviceId: z.uuid(), key: z.string().max(64) }).nullish(),
        limit: pageLimit,
      }),
    )
    .query(({ ctx, input: { cursor, ...input } }) =>
      listClips(clocked(ctx), { ...input, filter: defined(input.filter), after: cursor ?? null }),
    ),
  counts: procedure
    .input(z.object({ filter: filter.default({}) }))
    .query(({ ctx, input }) => countUploads(clocked(ctx), { filter: defined(input.filter) })),
})
