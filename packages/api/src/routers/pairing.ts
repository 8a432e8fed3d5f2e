import { approvePairing, denyPairing, listPendingPairings } from '@rushes/fleet'
import { z } from 'zod'
import { acting, clocked } from '../context.ts'
import { expectKind } from '../refusal.ts'
import { procedure, router } from '../trpc.ts'

export const pairingRouter = router({
  pending: procedure.query(({ ctx }) => listPendingPairings(clocked(ctx))),
  approve: procedure
    .input(
      z.object({
        userCode: z.string().min(1).max(40),
        projectId: z.uuid().nullable(),
        /** Of the person who approves: days of the device's folders are counted in it. */
        timezone: z.string().max(64).nullable().default(null),
      }),
    )
    .mutation(async ({ ctx, input }) => {
      const outcome = await approvePairing(acting(ctx), { ...input, remoteAddress: ctx.remoteAddress })
      return expectKind(outcome, 'approved')
    }),
  deny: procedure
    .input(z.object({ requestId: z.uuid() }))
    .mutation(async ({ ctx, input }) => expectKind(await denyPairing(acting(ctx), input), 'denied')),
})
