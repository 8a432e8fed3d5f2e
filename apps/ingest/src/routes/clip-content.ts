import { c2cErrors, detailedErrorBody } from '@rushes/protocol'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { IngestContext } from '../context.ts'
import { shownAs } from '../http/content-headers.ts'
import { isKnownByClient } from '../http/is-known-by-client.ts'
import { refuse } from '../http/reply-errors.ts'
import { sendObject } from '../http/send-object.ts'
import { findShownClip } from './find-shown-clip.ts'

const gone = detailedErrorBody(404, 'Clip Missing', 'The stored file of this clip is gone or was changed on disk')

/** `GET` and `HEAD` of `/clips/{id}/content`: a clip's bytes, whole or by range, to people who are signed in. */
export function clipContentRoute(app: FastifyInstance, context: IngestContext): void {
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const found = await findShownClip(context, request)
    if (found.kind === 'refused') return refuse(reply, found.body)
    const { clip } = found

    const etag = `"${clip.assetId}"` // the bytes of a clip never change
    reply.header('etag', etag).header('cache-control', 'private, no-cache')
    if (isKnownByClient(request.headers['if-none-match'], etag)) return reply.code(304).send()

    const object = await context.store.open(clip.storeKey)
    if (object === null || object.sizeBytes !== clip.sizeBytes) {
      await object?.close()
      request.log.error(
        { assetId: clip.assetId, storedBytes: object?.sizeBytes ?? null },
        'a stored clip is gone or was changed',
      )
      return refuse(reply.removeHeader('etag'), gone)
    }
    const shown = shownAs(clip)
    // Players ask the bucket for their ranges then. An address signed for reading is none for a HEAD.
    const elsewhere =
      request.method === 'GET' ? await context.store.playbackUrl(clip.storeKey, shown, context.clock()) : null
    if (elsewhere !== null) {
      await object.close()
      // Each request is checked anew, so a browser must not keep the way that it was shown.
      return reply.removeHeader('etag').header('cache-control', 'private, no-store').redirect(elsewhere, 307)
    }
    reply
      .header('content-type', shown.contentType)
      .header('content-disposition', shown.contentDisposition)
      .headers(inertHeaders)
    return sendObject(request, reply, { object, etag, idleMs: context.limits.playbackIdleMs })
  }
  app.route({ method: ['GET', 'HEAD'], url: '/clips/:id/content', exposeHeadRoute: false, handler })
}

/** `GET` and `HEAD` of `/clips/{id}/poster`: a small picture of a clip, where one could be made. */
export function clipPosterRoute(app: FastifyInstance, context: IngestContext): void {
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const found = await findShownClip(context, request)
    if (found.kind === 'refused') return refuse(reply, found.body)
    if (!found.clip.hasPoster) return refuse(reply, c2cErrors.notFound)

    const { assetId } = found.clip
    const etag = `"${assetId}-poster"`
    // Lists show many, and what a person has seen a minute ago they may see again.
    reply.header('etag', etag).header('cache-control', 'private, max-age=300')
    if (isKnownByClient(request.headers['if-none-match'], etag)) return reply.code(304).send()
    const object = await context.store.open(context.store.derivedKey(assetId, 'poster'))
    if (object === null) return refuse(reply.removeHeader('etag').removeHeader('cache-control'), c2cErrors.notFound)
    reply.header('content-type', 'image/jpeg').header('content-disposition', 'inline').headers(inertHeaders)
    return sendObject(request, reply, { object, etag, idleMs: context.limits.playbackIdleMs })
  }
  app.route({ method: ['GET', 'HEAD'], url: '/clips/:id/poster', exposeHeadRoute: false, handler })
}

/** Whatever a device sent, a browser runs none of it, guesses at nothing, and gives it to no other site. */
const inertHeaders = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': 'sandbox',
  'cross-origin-resource-policy': 'same-origin',
}
