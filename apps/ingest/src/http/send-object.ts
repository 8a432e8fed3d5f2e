import { Readable } from 'node:stream'
import { detailedErrorBody } from '@rushes/protocol'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { StoredObject } from '../store/port.ts'
import { parseRange } from './parse-range.ts'
import { refuse } from './reply-errors.ts'

const chunkBytes = 512 * 1024

/**
 * Sends a stored object, whole or the range that is asked for, and closes it however that ends. The reply has its ETag and
 * everything that describes the object already.
 */
export async function sendObject(
  request: FastifyRequest,
  reply: FastifyReply,
  given: { object: StoredObject; etag: string; idleMs: number },
): Promise<FastifyReply> {
  const { object, etag } = given
  const { sizeBytes } = object
  reply.header('accept-ranges', 'bytes')
  // A range of a HEAD has no meaning, and one of another version of the object none either.
  const ifRange = request.headers['if-range']
  const isRangeMeant = request.method === 'GET' && (ifRange === undefined || ifRange === etag)
  const range = isRangeMeant ? parseRange(request.headers.range, sizeBytes) : 'all'
  if (range === 'unsatisfiable') {
    await object.close()
    for (const name of ['content-type', 'content-disposition']) reply.removeHeader(name)
    return refuse(
      reply.header('content-range', `bytes */${sizeBytes}`),
      detailedErrorBody(416, 'Range Not Satisfiable', `There are ${sizeBytes} bytes`),
    )
  }
  const { start, end } = range === 'all' ? { start: 0, end: sizeBytes } : range
  reply.code(range === 'all' ? 200 : 206).header('content-length', end - start)
  if (range !== 'all') reply.header('content-range', `bytes ${start}-${end - 1}/${sizeBytes}`)
  if (request.method === 'HEAD') {
    await object.close()
    return reply.send()
  }
  // Whoever takes not a byte for so long has gone, or wants to keep files open; a player asks again with a range.
  reply.raw.setTimeout(given.idleMs, () => reply.raw.destroy())
  const body = Readable.from(exactly(object, start, end), { objectMode: false, highWaterMark: chunkBytes })
  // Not in the generator: one that was never begun, because the client had gone, runs none of its code.
  body.once('close', () => {
    object.close().catch((error: unknown) => request.log.warn({ err: error }, 'a stored object was not closed cleanly'))
  })
  // Nobody takes up, or goes on with, a body whose connection has broken.
  if (reply.raw.destroyed) body.destroy()
  else reply.raw.once('close', () => body.destroy())
  return reply.send(body)
}

/**
 * The bytes of a stretch. Fewer than were promised, because the object was cut while it was read, is a failure: the connection
 * has to break, or the client would wait for the rest for ever.
 */
async function* exactly(object: StoredObject, start: number, end: number): AsyncGenerator<Uint8Array> {
  let at = start
  for await (const chunk of object.read(start, end)) {
    at += chunk.byteLength
    yield chunk
  }
  if (at < end) throw new Error(`a stored object ended at ${at}, before ${end}: it was cut while it was read`)
}
