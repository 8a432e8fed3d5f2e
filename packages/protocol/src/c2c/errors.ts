import { z } from 'zod'

/** The detailed error body: everything but the auth endpoints. */
export const detailedError = z.object({
  code: z.number(),
  errors: z.array(z.object({ code: z.number(), detail: z.string(), status: z.number(), title: z.string() })),
  message: z.string(),
})
export type DetailedError = z.infer<typeof detailedError>

/** The simple error body of the auth endpoints. */
export const simpleError = z.object({ error: z.string() })
export type SimpleError = z.infer<typeof simpleError>

/** What a device may be told by the auth endpoints. The guides list six; the others stand in the RFCs that they follow. */
export const authErrorCodes = [
  // The guides' six.
  'authorization_pending',
  'slow_down',
  'expired_token',
  'invalid_grant',
  'invalid_client',
  'invalid_request',
  // RFC 8628, section 3.5: a person turned the device away; it stops asking.
  'access_denied',
  // RFC 6749, section 5.2: another scope than the one a device may ask for; a grant type that there is not.
  'invalid_scope',
  'unsupported_grant_type',
] as const
export type AuthErrorCode = (typeof authErrorCodes)[number]

/** RFC 6749, section 4.1.2.1: what goes with 500 and 503. Nothing is wrong with the request: it is tried again. */
export type AuthServerErrorCode = 'server_error' | 'temporarily_unavailable'

/** Builds the detailed body; status, title and detail as the platform's guides print them. */
export const detailedErrorBody = (status: number, title: string, detail: string): DetailedError => ({
  code: status,
  errors: [{ code: status, detail, status, title }],
  message: title,
})

/** The known answers of the device API, exact to the letter where the guides print them. */
export const c2cErrors = {
  notAuthorized: detailedErrorBody(401, 'Not Authorized', 'You are not allowed to access that resource'),
  channelPaused: detailedErrorBody(409, 'Channel Paused', "The channel you're uploading from is currently paused."),
  somethingWentWrong: detailedErrorBody(500, 'Something went wrong', 'There was a problem with your request'),
  notFound: detailedErrorBody(404, 'Not Found', 'The resource you are looking for does not exist'),
  rateLimited: detailedErrorBody(
    429,
    'Too Many Requests',
    'You have sent too many requests; wait a second, then slow down',
  ),
  /** Ours: the device was moved and has not read its new project yet. */
  projectChanged: detailedErrorBody(
    403,
    'Project Changed',
    'This device was moved to another project: read /v2/devices/me before creating assets',
  ),
  /** Ours, to our own agents only: the queue of the former project has not been cleared yet. */
  purgeReceiptMissing: detailedErrorBody(
    403,
    'Purge Receipt Missing',
    'Clear the queue of the former project and send its receipt before creating assets',
  ),
} as const satisfies Record<string, DetailedError>
