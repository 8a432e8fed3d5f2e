import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { IngestContext } from '../context.ts'
import { callerOf } from './caller.ts'
import type { CallClass, RateVerdict } from './rate-limiter.ts'

/** Counts a call against its subject's limit and says in the headers how much is left; false when there was nothing left. */
export function takeAllowance(context: IngestContext, reply: FastifyReply, subject: string, kind: CallClass): boolean {
  const verdict = context.limiter.take(subject, kind, context.clock().getTime())
  writeHeaders(reply, verdict)
  return verdict.allowed
}

/**
 * Every answer of the API says how much is left, also where nothing was counted. Parts are the exception: they are answered as
 * an object store does.
 */
export function addRateHeaders(app: FastifyInstance, context: IngestContext, isPart: (route: string) => boolean): void {
  app.addHook('onSend', async (request, reply) => {
    if (reply.hasHeader('x-ratelimit-limit') || isPart(request.routeOptions.url ?? '')) return
    sayWhatStrangersHave(context, request, reply)
  })
}

/** For answers that no hook sees, such as to an address that cannot be read. */
export function sayWhatStrangersHave(context: IngestContext, request: FastifyRequest, reply: FastifyReply): void {
  // The address of a connection that was given up is gone with it, and so is whoever would read the answer.
  if (request.raw.socket.destroyed) return
  writeHeaders(reply, context.limiter.look(callerOf(request.ip), 'stranger', context.clock().getTime()))
}

function writeHeaders(reply: FastifyReply, verdict: RateVerdict): void {
  reply.header('x-ratelimit-limit', verdict.limit)
  reply.header('x-ratelimit-remaining', verdict.remaining)
  reply.header('x-ratelimit-window', verdict.windowMs)
}
