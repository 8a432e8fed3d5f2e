import { z } from 'zod'
import { maxFileSizeBytes, maxPartCount, maxPartSizeBytes } from '../limits.ts'

/** Body of `POST /v2/devices/assets`. Which fields go together is the server's rule, not this schema's. */
export const createAssetRequest = z.object({
  /** Null and absent are the same where a real-time upload is named by its extension. */
  name: z.string().min(1).max(4096).nullable().optional(),
  /** Looked at for real-time uploads alone. */
  extension: z.string().max(255).nullable().optional(),
  filetype: z.string().min(1).max(255).optional(),
  filesize: z.number().nullable().optional(),
  is_realtime_upload: z.boolean().optional(),
  /** Seconds since the media was created; negative values occur in the guides. */
  offset: z.number().optional(),
  channel: z.number().int().nonnegative().optional(),
  parts: z.number().int().optional(),
  auto_version_id: z.uuid().nullable().optional(),
})
export type CreateAssetRequest = z.infer<typeof createAssetRequest>

/** What a device reads of the answer; `upload_urls` is absent for real-time uploads. */
export const createAssetResponse = z.object({
  id: z.string().min(1),
  name: z.string(),
  upload_urls: z.array(z.url()).optional(),
})
export type CreateAssetResponse = z.infer<typeof createAssetResponse>

/** Body of `POST /v2/devices/assets/{id}/realtime_upload/parts`. */
export const realtimePartsRequest = z.object({
  parts: z
    .array(
      z.object({
        number: z.number().int().min(1).max(maxPartCount),
        size: z.number().int().min(1).max(maxPartSizeBytes),
        is_final: z.boolean(),
      }),
    )
    .min(1)
    .max(maxPartCount),
  asset_filesize: z.number().int().min(1).max(maxFileSizeBytes).nullable().optional(),
  asset_name: z.string().regex(/\..+/).max(4096).nullable().optional(),
})
export type RealtimePartsRequest = z.infer<typeof realtimePartsRequest>

export const realtimePartsResponse = z.object({ upload_urls: z.array(z.url()) })
