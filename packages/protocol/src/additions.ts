import { z } from 'zod'
import { maxPartCount } from './limits.ts'

/** What our ingest offers beyond the C2C device API. Announced by discovery, never used against other servers. */

export const protocolVersion = 1

/** `GET /.well-known/rushes`, served by the control plane and by ingest alike. */
export const discovery = z.object({
  rushes: z.literal(protocolVersion),
  /** Where the C2C device API answers. */
  ingestUrl: z.url(),
  /** Where people approve pairing codes. */
  publicUrl: z.url(),
  /** `ws:` or `wss:` address of the control link. */
  agentUrl: z.url(),
})
export type Discovery = z.infer<typeof discovery>

/** An xxh64 digest, 16 lower-case hexadecimal digits, big-endian as ASC MHL writes it. */
export const xxh64Digest = z.string().regex(/^[0-9a-f]{16}$/)

/** Header of a create that makes it repeatable without a second asset. */
export const idempotencyKeyHeader = 'idempotency-key'

/** Body of `PUT /v2/devices/assets/{id}/custody`: the digests of the bytes as they left the device. */
export const custodyRequest = z.object({
  parts: z
    .array(
      z.object({
        number: z.number().int().min(1).max(maxPartCount),
        offset: z.number().int().nonnegative(),
        size: z.number().int().positive(),
        xxh64: xxh64Digest,
      }),
    )
    .min(1)
    .max(maxPartCount),
  fileXxh64: xxh64Digest.optional(),
  relativePath: z.string().max(4096).optional(),
  volumeId: z.string().max(255).optional(),
})
export type CustodyRequest = z.infer<typeof custodyRequest>

/** Answer of `PUT …/custody` and of `GET /v2/devices/assets/{id}`. */
export const assetCustody = z.object({
  id: z.string(),
  status: z.enum(['created', 'assembling', 'available', 'failed', 'closed']),
  /** `sizeChecked`: complete, but without device digests. */
  verified: z.enum(['no', 'pending', 'verified', 'mismatch', 'sizeChecked']),
  /** Registered part numbers that have not arrived. */
  missing: z.array(z.number().int()),
  /** The first part whose stored bytes differ from the device's digest. */
  mismatch: z.number().int().nullable(),
})
export type AssetCustody = z.infer<typeof assetCustody>

/** Body of `PUT /v2/devices/purge-receipts/{epoch}`: what the device cleared when it moved to the project of that epoch. Idempotent. */
export const purgeReceipt = z.object({
  fromProjectId: z.string().max(64).nullable(),
  toProjectId: z.string().max(64).nullable(),
  clearedCount: z.number().int().nonnegative(),
  clearedBytes: z.number().int().nonnegative(),
  /** Uploads that were on their way when they were stopped; a part of `clearedCount`. */
  abortedCount: z.number().int().nonnegative(),
  /** xxh64 of the cleared upload ids, sorted, one a line: lets an auditor match the receipt with the device's own list. */
  idsXxh64: xxh64Digest,
  clearedAt: z.iso.datetime(),
})
export type PurgeReceipt = z.infer<typeof purgeReceipt>
