import { z } from 'zod'

/** Grant types of `POST /v2/auth/token`. The last one is ours: a device secret fetches a new token pair. */
export const grantTypes = {
  deviceCode: 'urn:ietf:params:oauth:grant-type:device_code',
  refreshToken: 'refresh_token',
  deviceSecret: 'urn:rushes:params:oauth:grant-type:device_secret',
} as const

export const deviceScope = 'asset_create offline'

/** `client_id` of our own agents begins with this; they are public clients and need no secret. */
export const agentClientIdPrefix = 'rushes-agent-'

/** A serial number or a UUID, in plain characters: a NUL is one that no database keeps. */
const clientId = z
  .string()
  .max(255)
  .regex(/^\P{Cc}+$/u)

/** Form of `POST /v2/auth/device/code` (multipart or urlencoded). */
export const deviceCodeRequest = z.object({
  client_id: clientId,
  client_secret: z.string().max(255).optional(),
  scope: z.string().max(255),
  /** Ours: what the device calls itself. */
  rushes_device_name: z.string().max(120).optional(),
  /** Ours: uploads go to this other C2C server; this pairing is for the control link alone. */
  rushes_upload_to: z
    .url({ protocol: /^https?$/ })
    .max(500)
    .optional(),
})

export const deviceCodeResponse = z.object({
  device_code: z.string().min(1),
  user_code: z.string().min(1),
  name: z.string().min(1),
  expires_in: z.number().positive(),
  interval: z.number().positive(),
  verification_uri: z.string(),
  verification_uri_complete: z.string().nullable().optional(),
})
export type DeviceCodeResponse = z.infer<typeof deviceCodeResponse>

export const tokenRequest = z.object({
  grant_type: z.string(),
  client_id: clientId,
  client_secret: z.string().max(255).optional(),
  device_code: z.string().max(255).optional(),
  refresh_token: z.string().max(255).optional(),
  device_secret: z.string().max(255).optional(),
})

export const tokenResponse = z.object({
  access_token: z.string().min(1),
  /** Seconds. */
  expires_in: z.number().positive(),
  refresh_token: z.string().min(1),
  token_type: z.string(),
  /** Ours, to our own agents, with the device code grant only: the credential of the control link, shown once. */
  rushes: z.object({ device_id: z.string(), device_secret: z.string() }).optional(),
})
export type TokenResponse = z.infer<typeof tokenResponse>

export const revokeRequest = z.object({
  client_id: clientId.optional(),
  client_secret: z.string().max(255).optional(),
  token: z.string().max(255).optional(),
})
