import { createPerson, createResetLink, listPeople, roles } from '@rushes/fleet'
import { z } from 'zod'
import { acting, clocked } from '../context.ts'
import { expectKind } from '../refusal.ts'
import { procedure, router } from '../trpc.ts'

export const peopleRouter = router({
  list: procedure.query(({ ctx }) => listPeople(clocked(ctx))),
  create: procedure
    .input(z.object({ name: z.string().max(500), email: z.string().max(500), role: z.enum(roles) }))
    .mutation(async ({ ctx, input }) => expectKind(await createPerson(acting(ctx), input), 'created').person),
  /** The link is answered once and kept nowhere. */
  createResetLink: procedure.input(z.object({ email: z.string().max(500) })).mutation(async ({ ctx, input }) => {
    const outcome = await createResetLink(acting(ctx), { ...input, publicUrl: ctx.publicUrl })
    return expectKind(outcome, 'created')
  }),
})
