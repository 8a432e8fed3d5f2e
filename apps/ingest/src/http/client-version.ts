import type { FastifyRequest } from 'fastify'

/** The firmware that a device says it runs, by `x-client-version`; null when it says none, or nothing like a version. */
export function clientVersion(request: FastifyRequest): string | null {
  const version = request.headers['x-client-version']
  return typeof version === 'string' && /^\d{1,9}\.\d{1,9}\.\d{1,9}[\w.+-]{0,40}$/.test(version) ? version : null
}
