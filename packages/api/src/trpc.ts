import { roleSuffices } from '@rushes/fleet'
import { initTRPC, TRPCError } from '@trpc/server'
import { ZodError } from 'zod'
import type { ApiContext } from './context.ts'
import { wordsForInput } from './input-words.ts'
import { insideFailure, outsideMessage } from './inside-failure.ts'
import { roleNeededFor } from './procedure-roles.ts'
import { Refusal } from './refusal.ts'
import { wordsFor } from './refusal-words.ts'

const t = initTRPC.context<ApiContext>().create({
  errorFormatter: ({ shape, error, ctx }) => ({
    ...shape,
    // Also of what fails before any procedure runs, such as finding out who is signed in.
    message: outsideMessage(shape),
    data: {
      code: shape.data.code,
      httpStatus: shape.data.httpStatus,
      path: shape.data.path,
      /** Names the fault for programs; null for what is not a refusal of a verb. */
      fault: error.cause instanceof Refusal ? error.cause.fault.kind : null,
      hint: hintOf(error),
      requestId: ctx?.requestId ?? null,
    },
  }),
})

function hintOf({ code, cause }: TRPCError): string | null {
  if (cause instanceof Refusal) return wordsFor(cause.fault).hint
  return code === 'BAD_REQUEST' && cause instanceof ZodError ? wordsForInput(cause).hint : null
}

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
  if (result.error.code === 'BAD_REQUEST' && cause instanceof ZodError)
    throw new TRPCError({ code: 'BAD_REQUEST', message: wordsForInput(cause).message, cause })
  if (result.error.code !== 'INTERNAL_SERVER_ERROR') return result
  ctx.onUnexpected({ error: cause ?? result.error, path, requestId: ctx.requestId })
  // Whatever the failure says of tables, files or addresses stays in the log.
  throw new TRPCError({ code: 'INTERNAL_SERVER_ERROR', message: insideFailure })
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
