import { findSignInLink, useSignInLink } from '@rushes/fleet'
import { z } from 'zod'
import { clocked } from '../context.ts'
import { defined } from '../defined.ts'
import { expectKind } from '../refusal.ts'
import { openProcedure, router } from '../trpc.ts'

const token = z.string().min(1).max(200)

/** One-time links, for people who cannot sign in yet. Mutations both, so that no token stands in an address or a log. */
export const linksRouter = router({
  inspect: openProcedure.input(z.object({ token })).mutation(async ({ ctx, input }) => {
    const link = expectKind(await findSignInLink(clocked(ctx), input), 'firstOperator', 'passwordReset')
    return link.kind === 'passwordReset'
      ? { kind: link.kind, expiresAt: link.expiresAt, name: link.person.name, email: link.person.email }
      : { kind: link.kind, expiresAt: link.expiresAt }
  }),
  use: openProcedure
    .input(
      z.object({
        token,
        password: z.string().max(1_000),
        person: z.object({ name: z.string().max(500), email: z.string().max(500) }).optional(),
      }),
    )
    .mutation(async ({ ctx, input }) => {
      const { email } = expectKind(await useSignInLink(clocked(ctx), defined(input)), 'passwordSet')
      return { email }
    }),
})
