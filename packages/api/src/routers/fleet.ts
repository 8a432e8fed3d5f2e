import {
  fleetSorts,
  listConditions,
  listFleet,
  previewCommand,
  previewKinds,
  standings,
  summarizeFleet,
} from '@rushes/fleet'
import { z } from 'zod'
import { clocked } from '../context.ts'
import { defined } from '../defined.ts'
import { deviceIds, pageLimit, search } from '../inputs.ts'
import { procedure, router } from '../trpc.ts'

const filter = z.object({
  search,
  projectId: z.uuid().optional(),
  standings: z.array(z.enum(standings)).max(standings.length).optional(),
  presence: z.enum(['online', 'offline']).optional(),
  isSharingPaused: z.literal(true).optional(),
})

export const fleetRouter = router({
  list: procedure
    .input(
      z.object({
        filter: filter.default({}),
        sort: z.enum(fleetSorts).default('name'),
        descending: z.boolean().default(false),
        cursor: z.object({ rank: z.number(), text: z.string().max(600), deviceId: z.uuid() }).nullish(),
        limit: pageLimit,
      }),
    )
    .query(({ ctx, input }) =>
      listFleet(clocked(ctx), { ...input, filter: defined(input.filter), after: input.cursor ?? null }),
    ),
  summary: procedure
    .input(z.object({ projectId: z.uuid().optional() }).default({}))
    .query(({ ctx, input }) => summarizeFleet(clocked(ctx), defined(input))),
  /** What is wrong that no device can tell of, such as a store that is full. */
  conditions: procedure.query(({ ctx }) => listConditions(clocked(ctx))),
  /** What a command would touch. Changes nothing. */
  preview: procedure
    .input(z.object({ kind: z.enum(previewKinds), deviceIds }))
    .query(({ ctx, input }) => previewCommand(clocked(ctx), input)),
})
