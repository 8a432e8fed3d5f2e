import { Readable } from 'node:stream'
import { findClipContent } from '@rushes/fleet'
import { c2cErrors, detailedErrorBody } from '@rushes/protocol'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { IngestContext } from '../context.ts'
import { contentDisposition, inlineType } from '../http/content-headers.ts'
import { parseRange } from '../http/parse-range.ts'
import { refuse } from '../http/reply-errors.ts'
import type { StoredObject } from '../store/port.ts'
import { assetIdOf } from './asset-id.ts'

const gone = detailedErrorBody(404, 'Clip Missing', 'The stored file of this clip is gone or was changed on disk')

/** `GET` and `HEAD` of `/clips/{id}/content`: a clip's bytes, whole or by range, to operators who are signed in. */
export function clipContentRoute(app: FastifyInstance, context: IngestContext): void {
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const cookie = request.headers.cookie
    const isSignedIn = cookie !== undefined && (await context.isSignedIn(new Headers({ cookie })))
    if (!isSignedIn) return refuse(reply, c2cErrors.notAuthorized)
    const assetId = assetIdOf(request)
    const clip = assetId === null ? null : await context.call((clocked) => findClipContent(clocked, { assetId }))
    if (clip === null) return refuse(reply, c2cErrors.notFound)

    const etag = `"${clip.assetId}"` // the bytes of a clip never change
    reply.header('etag', etag).header('cache-control', 'private, no-cache').header('accept-ranges', 'bytes')
    if (request.headers['if-none-match'] === etag) return reply.code(304).send()

    const object = await context.store.open(clip.storeKey)
    if (object === null || object.sizeBytes !== clip.sizeBytes) {
      await object?.close()
      request.log.error({ assetId, storedBytes: object?.sizeBytes ?? null }, 'a stored clip is gone or was changed')
      return refuse(reply.removeHeader('etag'), gone)
    }
    const ifRange = request.headers['if-range']
    const range = ifRange === undefined || ifRange === etag ? parseRange(request.headers.range, clip.sizeBytes) : 'all'
    if (range === 'unsatisfiable') {
      await object.close()
      return refuse(
        reply.header('content-range', `bytes */${clip.sizeBytes}`),
        detailedErrorBody(416, 'Range Not Satisfiable', `The clip has ${clip.sizeBytes} bytes`),
      )
    }
    const { start, end } = range === 'all' ? { start: 0, end: clip.sizeBytes } : range
    const type = inlineType(clip.filetype)
    reply
      .code(range === 'all' ? 200 : 206)
      .header('content-type', type ?? 'application/octet-stream')
      .header('content-disposition', contentDisposition(type === null ? 'attachment' : 'inline', clip.name))
      .header('content-length', end - start)
      .header('x-content-type-options', 'nosniff')
      // Whatever a device sent, a browser runs none of it.
      .header('content-security-policy', 'sandbox')
    if (range !== 'all') reply.header('content-range', `bytes ${start}-${end - 1}/${clip.sizeBytes}`)
    if (request.method === 'HEAD') {
      await object.close()
      return reply.send()
    }
    return reply.send(Readable.from(readAndClose(object, start, end), { objectMode: false, highWaterMark: 512 * 1024 }))
  }
  app.route({ method: ['GET', 'HEAD'], url: '/clips/:id/content', exposeHeadRoute: false, handler })
}

/** Closes the file however the reading ends: at its end, at an error, or because the browser went away. */
async function* readAndClose(object: StoredObject, start: number, end: number): AsyncGenerator<Uint8Array> {
  try {
    yield* object.read(start, end)
  } finally {
    await object.close()
  }
}
