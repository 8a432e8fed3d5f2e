import { z } from 'zod'

/** The channel that wake-ups travel on. */
export const wakeChannel = 'rushes_wake'

/**
 * Says which durable rows changed, never how: whoever hears it reads them again. Losing one costs latency alone,
 * because every listener polls as well.
 */
export type Wake = {
  /** Devices whose fleet row, uploads or executions changed. */
  deviceIds?: readonly string[]
  projectIds?: readonly string[]
  /** Somebody asks to be let in, or was answered. */
  pairing?: boolean
  /** More changed than is worth naming. */
  everything?: boolean
}

const wakePayload = z.object({
  d: z.array(z.string()).optional(),
  p: z.array(z.string()).optional(),
  pairing: z.boolean().optional(),
  all: z.boolean().optional(),
})

/** PostgreSQL refuses a payload of 8,000 bytes and more; 180 ids of 39 bytes stay below with room for the rest. */
const maxIdsPerPayload = 180
/** Beyond this many payloads the listeners are better off reading all that changed. */
const maxPayloads = 12

/** The payloads that carry a wake-up, each below PostgreSQL's limit; none for an empty one. */
export function encodeWake(wake: Wake): string[] {
  const everything = [JSON.stringify({ all: true })]
  if (wake.everything === true) return everything
  const ids = [
    ...[...new Set(wake.deviceIds)].map((id) => ({ key: 'd' as const, id })),
    ...[...new Set(wake.projectIds)].map((id) => ({ key: 'p' as const, id })),
  ]
  const payloadCount = Math.ceil(ids.length / maxIdsPerPayload)
  if (payloadCount > maxPayloads) return everything
  const payloads: string[] = []
  for (let first = 0; first < ids.length || (first === 0 && wake.pairing === true); first += maxIdsPerPayload) {
    const some = ids.slice(first, first + maxIdsPerPayload)
    const named = (key: 'd' | 'p') => some.filter((entry) => entry.key === key).map((entry) => entry.id)
    const d = named('d')
    const p = named('p')
    payloads.push(
      JSON.stringify({
        ...(d.length > 0 ? { d } : {}),
        ...(p.length > 0 ? { p } : {}),
        ...(wake.pairing === true && first === 0 ? { pairing: true } : {}),
      }),
    )
  }
  return payloads
}

/** Reads a payload back. One that cannot be read wakes everybody: too much work is better than a change unseen. */
export function decodeWake(payload: string): Wake {
  let json: unknown
  try {
    json = JSON.parse(payload)
  } catch {
    return { everything: true } // written by another version; see above
  }
  const parsed = wakePayload.safeParse(json)
  if (!parsed.success || parsed.data.all === true) return { everything: true }
  const { d, p, pairing } = parsed.data
  return {
    ...(d === undefined ? {} : { deviceIds: d }),
    ...(p === undefined ? {} : { projectIds: p }),
    ...(pairing === undefined ? {} : { pairing }),
  }
}
