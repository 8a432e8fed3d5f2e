import {
  type AuthErrorCode,
  type AuthServerErrorCode,
  type DetailedError,
  detailedErrorBody,
  type SimpleError,
} from '@rushes/protocol'
import type { FastifyReply } from 'fastify'

/** Answers with a detailed body, the shape of everything but the auth endpoints and the parts. */
export const refuse = (reply: FastifyReply, body: DetailedError): FastifyReply => reply.code(body.code).send(body)

/** A request whose fields are wrong or do not go together; the detail names the field. */
export const malformed = (detail: string): DetailedError => detailedErrorBody(400, 'Bad Request', detail)

/** Fields that are well-formed but contradict what is known. */
export const unprocessable = (detail: string): DetailedError => detailedErrorBody(422, 'Unprocessable Entity', detail)

export const serviceUnavailable: DetailedError = detailedErrorBody(
  503,
  'Service Unavailable',
  'The database, or the place where clips are stored, cannot be reached at the moment; try again',
)

export const outOfSpace: DetailedError = detailedErrorBody(
  402,
  'Usage Exceeded',
  'There is not enough free space where clips are stored',
)

/** Answers with the body of the auth endpoints: a code that a guide or an RFC has, and no other. */
export const refuseAuth = (
  reply: FastifyReply,
  status: number,
  error: AuthErrorCode | AuthServerErrorCode,
): FastifyReply => reply.code(status).send({ error } satisfies SimpleError)
