import { z } from 'zod'
import { reasonCodes } from './reasons.ts'
import { uploadStates } from './upload-states.ts'

/** One upload as the device sees it: what `list --json` prints and what the control link reports. Instants are ISO 8601 in UTC. */
export const uploadReport = z.object({
  id: z.string().min(1).max(64),
  /** The path on the device, as the device spells it. */
  path: z.string().max(4096),
  sizeBytes: z.number().int().nonnegative(),
  capturedAt: z.iso.datetime().nullable(),
  /** The project that the row belongs to: an id of the destination, which need not be one of ours. */
  projectId: z.string().max(64).nullable(),
  state: z.enum(uploadStates),
  reason: z.enum(reasonCodes).nullable(),
  partsDone: z.number().int().nonnegative(),
  partsTotal: z.number().int().nonnegative(),
  /** Never falls while the clip is the same take, whatever the destination loses. */
  bytesAcknowledged: z.number().int().nonnegative(),
  /** How many of those have to be sent again; absent: none. */
  bytesLost: z.number().int().nonnegative().optional(),
  attempts: z.number().int().nonnegative(),
  /** The last one, with its class (where to look) and its time; agents that say nothing of these two are older. */
  error: z
    .object({
      code: z.string().max(64),
      message: z.string().max(500),
      class: z.string().max(32).optional(),
      at: z.iso.datetime().optional(),
    })
    .nullable(),
  /** The asset at the destination, once created. */
  assetId: z.string().max(64).nullable(),
  /** When the next try is due, for `waiting`. */
  nextAttemptAt: z.iso.datetime().nullable(),
  updatedAt: z.iso.datetime(),
})
export type UploadReport = z.infer<typeof uploadReport>
