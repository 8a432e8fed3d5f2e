import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { IngestContext } from '../context.ts'
import { isDatabaseAway } from '../database-call.ts'
import { refusePart } from '../http/part-errors.ts'
import { signedAcl } from '../parts/part-signer.ts'
import { isErrno } from '../store/folder/errno.ts'
import { StoreAwayError } from '../store/store-away.ts'

const whole = z.string().regex(/^[1-9]\d{0,9}$/)
const address = z.object({
  assetId: z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
  number: whole,
  generation: whole,
})
const signed = z.object({ expires: whole, signature: z.string().min(1).max(100) })

export const partPath = '/parts/:assetId/:number/:generation'

/** `PUT` of a part to its signed URL: raw bytes of exactly the registered number, with the headers that were signed. */
export function putPartRoute(app: FastifyInstance, context: IngestContext): void {
  app.register(async (scope) => {
    // Whatever its type, the body stays a stream.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null))
    scope.setErrorHandler<FastifyError>((error, request, reply) => {
      // A content type that is none: whatever was signed, it was not that.
      if (error.statusCode === 415) return refusePart(reply, 'signatureDoesNotMatch')
      if (isErrno(error, 'ENOSPC', 'EDQUOT')) return refusePart(reply, 'outOfSpace')
      if (error instanceof StoreAwayError || isDatabaseAway(error)) return refusePart(reply, 'serviceUnavailable')
      request.log.error({ err: error }, 'a part could not be taken in')
      return refusePart(reply, 'internalError')
    })
    scope.put(partPath, async (request, reply) => {
      // It is about to stop: the part goes to another program, or here once it runs again.
      if (context.drain.isDraining()) return refusePart(reply.header('connection', 'close'), 'slowDown')
      reply.raw.once('close', context.drain.enter())
      return putPart(context, request, reply)
    })
  })
}

async function putPart(context: IngestContext, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const path = address.safeParse(request.params)
  const query = signed.safeParse(request.query)
  if (!path.success || !query.success) return refusePart(reply, 'accessDenied')
  // As object stores do, so that a device that works here works there.
  if (request.headers.authorization !== undefined) return refusePart(reply, 'twoCredentials')
  const hasUnsigned = Object.keys(request.headers).some((name) => name.startsWith('x-amz-') && name !== 'x-amz-acl')
  if (hasUnsigned) return refusePart(reply, 'headersNotSigned')
  const part = {
    assetId: path.data.assetId,
    number: Number(path.data.number),
    generation: Number(path.data.generation),
  }
  const expiresAtSeconds = Number(query.data.expires)
  const contentType = request.headers['content-type'] ?? ''
  const isGenuine =
    request.headers['x-amz-acl'] === signedAcl &&
    context.signer.isGenuine({ ...part, contentType, expiresAtSeconds }, query.data.signature)
  if (!isGenuine) return refusePart(reply, 'signatureDoesNotMatch')
  if (context.clock().getTime() >= expiresAtSeconds * 1000) return refusePart(reply, 'expired')
  const contentLength = request.headers['content-length']
  if (contentLength === undefined) return refusePart(reply, 'missingContentLength')
  const contentLengthBytes = Number(contentLength)

  const reception = context.receptions.begin(part.assetId)
  const received = context.receivePart({ ...part, contentLengthBytes, body: request.raw })
  // Once its upload is not wanted any more it is answered; what still comes of it is neither kept nor waited for.
  const outcome = await Promise.race([reception.ended, received]).finally(reception.done)
  switch (outcome.kind) {
    case 'stored':
      if (outcome.isWhole) context.onWhole(part.assetId)
      return reply.header('etag', `"${outcome.xxh64}"`).send()
    case 'noSuchUpload':
      return refusePart(reply, 'noSuchUpload')
    case 'superseded':
      return refusePart(reply, 'superseded')
    case 'wrongLength':
      return refusePart(reply, contentLengthBytes > outcome.registeredBytes ? 'entityTooLarge' : 'incompleteBody')
    case 'noRoom':
      return refusePart(reply, 'outOfSpace')
    // In these three the sender is gone or stuck, so that the connection is of no more use.
    case 'incompleteBody':
      return refusePart(reply.header('connection', 'close'), 'incompleteBody')
    case 'stalled':
      return refusePart(reply.header('connection', 'close'), 'requestTimeout')
    case 'displaced':
      return refusePart(reply.header('connection', 'close'), 'displaced')
  }
}
