import { roleSuffices } from '@rushes/fleet'
import { initTRPC, TRPCError } from '@trpc/server'
import type { ApiContext } from './context.ts'
import { roleNeededFor } from './procedure-roles.ts'
import { Refusal } from './refusal.ts'
import { wordsFor } from './refusal-words.ts'

const t = initTRPC.context<ApiContext>().create({
  errorFormatter: ({ shape, error, ctx }) => ({
    ...shape,
    data: {
      code: shape.data.code,
      httpStatus: shape.data.httpStatus,
      path: shape.data.path,
      /** Names the fault for programs; null for what is not a refusal of a verb. */
      fault: error.cause instanceof Refusal ? error.cause.fault.kind : null,
      hint: error.cause instanceof Refusal ? wordsFor(error.cause.fault).hint : null,
      requestId: ctx?.requestId ?? null,
    },
  }),
})

export const router = t.router
export const createCallerFactory = t.createCallerFactory

/** The one place where what went wrong becomes an answer. */
const answerFailures = t.middleware(async ({ ctx, path, next }) => {
  const result = await next()
  if (result.ok) return result
  const { cause } = result.error
  if (cause instanceof Refusal) {
    const { status, message } = wordsFor(cause.fault)
    throw new TRPCError({ code: status, message, cause })
  }
  if (result.error.code !== 'INTERNAL_SERVER_ERROR') return result
  ctx.onUnexpected({ error: cause ?? result.error, path, requestId: ctx.requestId })
  // Whatever the failure says of tables, files or addresses stays in the log.
  throw new TRPCError({ code: 'INTERNAL_SERVER_ERROR', message: 'Something went wrong on the server.' })
})

/** A procedure that needs nobody to be signed in. What it is for must be in `procedureRoles` all the same. */
export const openProcedure = t.procedure.use(answerFailures).use(async ({ path, next }) => {
  if (roleNeededFor(path) !== 'anyone') throw new Error(`${path} is open, but procedureRoles does not say so`)
  return next()
})

/** A procedure for signed-in people whose role suffices. */
export const procedure = t.procedure.use(answerFailures).use(async ({ ctx, path, next }) => {
  const needed = roleNeededFor(path)
  if (needed === undefined || needed === 'anyone') throw new Error(`procedureRoles does not say who may call ${path}`)
  const { signedIn } = ctx
  if (signedIn === null) throw new TRPCError({ code: 'UNAUTHORIZED', message: 'Sign in first.' })
  if (!roleSuffices(signedIn.person.role, needed))
    throw new TRPCError({
      code: 'FORBIDDEN',
      message: `This takes the role ${needed}; yours is ${signedIn.person.role}.`,
    })
  return next({ ctx: { ...ctx, signedIn } })
})
