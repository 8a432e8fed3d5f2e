import type { FastifyReply, FastifyRequest } from 'fastify'

/** Bodies of one device that may be in memory at the same time; the digests of 10,000 parts are one of them. */
const maxBytesPerDevice = 16 * 1024 * 1024

/** Keeps a device that opens request after request, and ends none, from filling the memory that all share. */
export type BodiesInFlight = {
  /** Makes room for the body of a request until it is answered; false when the device has too many. */
  admit(deviceId: string, request: FastifyRequest, reply: FastifyReply): boolean
}

export function createBodiesInFlight(): BodiesInFlight {
  const bytesOf = new Map<string, number>()
  return {
    admit(deviceId, request, reply) {
      const bytes = announcedBytes(request)
      const before = bytesOf.get(deviceId) ?? 0
      if (before + bytes > maxBytesPerDevice) return false
      bytesOf.set(deviceId, before + bytes)
      reply.raw.once('close', () => {
        const left = (bytesOf.get(deviceId) ?? 0) - bytes
        if (left > 0) bytesOf.set(deviceId, left)
        else bytesOf.delete(deviceId)
      })
      return true
    },
  }
}

/** What the body may have: as many bytes as it says, never more than the route takes. */
function announcedBytes({ headers, routeOptions }: FastifyRequest): number {
  if (headers['transfer-encoding'] !== undefined) return routeOptions.bodyLimit
  return Math.min(Number(headers['content-length'] ?? 0), routeOptions.bodyLimit)
}
