import { z } from 'zod'
import { reasonCodes } from '../reasons.ts'
import { uploadStates } from '../upload-states.ts'

/** The device's own summary, sent whole: small enough for one frame. Instants are ISO 8601 in UTC by the device's clock. */
export const deviceStatus = z.object({
  project: z.object({ id: z.string().max(64), name: z.string().max(255) }).nullable(),
  projectEpoch: z.number().int().nonnegative(),
  /** The address that uploads go to. */
  destination: z.string().max(500),
  /** Whether the destination is our own ingest: then clips end as `verified`, else as `uploaded`. */
  destinationIsOurs: z.boolean(),
  hold: z.object({ since: z.iso.datetime(), by: z.enum(['operator', 'device']) }).nullable(),
  /** Why nothing at all moves, when that is so for the whole device. */
  blockedBy: z.enum(reasonCodes).nullable(),
  uploadLink: z.object({
    state: z.enum(['up', 'down', 'unknown']),
    lastSuccessAt: z.iso.datetime().nullable(),
    lastError: z.string().max(500).nullable(),
  }),
  counts: z.partialRecord(z.enum(uploadStates), z.number().int().nonnegative()),
  /** Over everything that is to go up: known sizes, bytes acknowledged, bytes verified. */
  bytes: z.object({
    captured: z.number().nonnegative(),
    acknowledged: z.number().nonnegative(),
    verified: z.number().nonnegative(),
    waiting: z.number().nonnegative(),
  }),
  rateBytesPerSecond: z.number().nonnegative(),
  volumes: z
    .array(
      z.object({
        id: z.string().max(255),
        label: z.string().max(255),
        path: z.string().max(4096),
        sizeBytes: z.number().nonnegative().nullable(),
        freeBytes: z.number().nonnegative().nullable(),
        present: z.boolean(),
      }),
    )
    .max(32),
})
export type DeviceStatus = z.infer<typeof deviceStatus>
