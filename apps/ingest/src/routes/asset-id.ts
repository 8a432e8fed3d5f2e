import type { FastifyRequest } from 'fastify'
import { z } from 'zod'

const params = z.object({ id: z.guid() })

/** The asset id of a path; null for what can be none. */
export function assetIdOf(request: FastifyRequest): string | null {
  const parsed = params.safeParse(request.params)
  return parsed.success ? parsed.data.id.toLowerCase() : null
}
