import { type ClipContent, findClipContent, roleSuffices } from '@rushes/fleet'
import { c2cErrors, type DetailedError, detailedErrorBody } from '@rushes/protocol'
import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { IngestContext } from '../context.ts'
import { assetIdOf } from './asset-id.ts'

const inTrash = detailedErrorBody(
  404,
  'Clip In Trash',
  'This clip is in the trash of its project; restore it to play it',
)
const query = z.object({ view: z.literal('trash') })

/**
 * The clip that an address names, for whoever asks: sign-in, role and state are looked at anew with each request. What lies in
 * the trash is shown in its view alone (`?view=trash`), and there to those who may restore it.
 */
export async function findShownClip(
  context: IngestContext,
  request: FastifyRequest,
): Promise<{ kind: 'found'; clip: ClipContent } | { kind: 'refused'; body: DetailedError }> {
  const { cookie } = request.headers
  const role = cookie === undefined ? null : await context.roleOf(new Headers({ cookie }))
  if (role === null) return { kind: 'refused', body: c2cErrors.notAuthorized }
  const assetId = assetIdOf(request)
  const clip = assetId === null ? null : await context.call((clocked) => findClipContent(clocked, { assetId }))
  if (clip === null) return { kind: 'refused', body: c2cErrors.notFound }
  const isTrashView = query.safeParse(request.query).success && roleSuffices(role, 'operator')
  return clip.isInTrash && !isTrashView ? { kind: 'refused', body: inTrash } : { kind: 'found', clip }
}
