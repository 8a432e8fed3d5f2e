import type { DetailedError } from '@rushes/protocol'

export type Reply = { status: number; headers: Record<string, string>; body: string }

/** As the platform's documents state them; the numbers are not enforced, faults are for that. */
const rateLimitHeaders = { 'x-ratelimit-limit': '5', 'x-ratelimit-remaining': '4', 'x-ratelimit-window': '1000' }

export const jsonReply = (status: number, body: unknown): Reply => ({
  status,
  headers: { 'content-type': 'application/json', ...rateLimitHeaders },
  body: JSON.stringify(body),
})

export const emptyReply = (status: number): Reply => ({ status, headers: rateLimitHeaders, body: '' })

export const detailedReply = (error: DetailedError): Reply => jsonReply(error.code, error)

/** The shape of the auth endpoints. */
export const simpleReply = (error: string): Reply => jsonReply(400, { error })

/** As object stores refuse; `more` are further elements, which in the real ones quote the signed request. */
export const xmlReply = (status: number, code: string, message: string, more = ''): Reply => ({
  status,
  headers: { 'content-type': 'application/xml' },
  body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message>${more}<RequestId>R1</RequestId></Error>`,
})
