import { z } from 'zod'

/** What a device reads of `GET /v2/devices/me`: the fields it acts on. Others are passed over. */
export const deviceIdentity = z.object({
  id: z.string(),
  device_id: z.string().optional(),
  name: z.string(),
  project_id: z.string().nullable(),
  project: z.object({ id: z.string(), name: z.string() }).nullable().optional(),
  status: z.enum(['online', 'offline', 'paused']),
  timezone: z.string().optional(),
  authorization: z.object({ expires_at: z.string().nullable() }).optional(),
  /** Ours: the fence. */
  rushes: z
    .object({
      /** Grows by one with each move to another project. */
      project_epoch: z.number().int().nonnegative(),
      /** Whether creates wait for the receipt of this epoch. */
      purge_receipt_required: z.boolean(),
      /** When this pairing was approved; what was captured before it is held. */
      paired_at: z.iso.datetime(),
    })
    .optional(),
})
export type DeviceIdentity = z.infer<typeof deviceIdentity>
