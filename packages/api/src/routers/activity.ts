import { listActivity } from '@rushes/fleet'
import { z } from 'zod'
import { clocked } from '../context.ts'
import { defined } from '../defined.ts'
import { pageLimit, search } from '../inputs.ts'
import { procedure, router } from '../trpc.ts'

export const activityRouter = router({
  list: procedure
    .input(
      z.object({
        filter: z
          .object({
            search,
            subject: z.string().max(32).optional(),
            deviceId: z.uuid().optional(),
            projectId: z.uuid().optional(),
          })
          .default({}),
        /** The last id of the page before. */
        cursor: z.number().int().positive().nullish(),
        limit: pageLimit,
      }),
    )
    .query(({ ctx, input }) =>
      listActivity(clocked(ctx), { filter: defined(input.filter), beforeId: input.cursor ?? null, limit: input.limit }),
    ),
})
