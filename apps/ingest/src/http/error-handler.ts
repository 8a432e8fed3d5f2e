import { c2cErrors, detailedErrorBody } from '@rushes/protocol'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { isDatabaseAway } from '../database-call.ts'
import { StoreAwayError } from '../store/store-away.ts'
import { malformed, refuse, refuseAuth, serviceUnavailable } from './reply-errors.ts'

/** What is said of a failure that no route foresaw: never its message, which may hold a path or a statement. */
type Verdict = 'malformed' | 'tooLarge' | 'unsupportedMedia' | 'unavailable' | 'bug'

function judge(error: unknown): Verdict {
  if (error instanceof StoreAwayError || isDatabaseAway(error)) return 'unavailable'
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined
  if (status === 413) return 'tooLarge'
  if (status === 415) return 'unsupportedMedia'
  if (typeof status === 'number' && status >= 400 && status < 500) return 'malformed'
  return 'bug'
}

/** Answers failures of all routes but the auth endpoints in the detailed shape. */
export function answerFailure(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  switch (judge(error)) {
    case 'malformed':
      return refuse(reply, malformed('The body cannot be read'))
    case 'tooLarge':
      return refuse(reply, detailedErrorBody(413, 'Payload Too Large', 'The body is too large'))
    case 'unsupportedMedia':
      return refuse(reply, detailedErrorBody(415, 'Unsupported Media Type', 'This content type is not understood here'))
    case 'unavailable':
      request.log.warn({ err: error }, 'the database or the store is away')
      return refuse(reply, serviceUnavailable)
    case 'bug':
      request.log.error({ err: error }, 'a request failed')
      return refuse(reply, c2cErrors.somethingWentWrong)
  }
}

/** Answers failures of the auth endpoints in their shape. */
export function answerAuthFailure(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  switch (judge(error)) {
    case 'malformed':
    case 'tooLarge':
    case 'unsupportedMedia':
      return refuseAuth(reply, 400, 'invalid_request')
    case 'unavailable':
      request.log.warn({ err: error }, 'the database is away')
      return refuseAuth(reply, 503, 'temporarily_unavailable')
    case 'bug':
      request.log.error({ err: error }, 'a request failed')
      return refuseAuth(reply, 500, 'server_error')
  }
}
