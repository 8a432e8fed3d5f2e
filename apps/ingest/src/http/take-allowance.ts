import type { FastifyReply } from 'fastify'
import type { IngestContext } from '../context.ts'
import type { CallClass } from './rate-limiter.ts'

/** Counts a call against its subject's limit and says in the headers how much is left; false when there was nothing left. */
export function takeAllowance(context: IngestContext, reply: FastifyReply, subject: string, kind: CallClass): boolean {
  const verdict = context.limiter.take(subject, kind, context.clock().getTime())
  reply.header('x-ratelimit-limit', verdict.limit)
  reply.header('x-ratelimit-remaining', verdict.remaining)
  reply.header('x-ratelimit-window', verdict.windowMs)
  return verdict.allowed
}
