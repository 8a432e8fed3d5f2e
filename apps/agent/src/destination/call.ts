import { looksLikeWebPage } from '@rushes/upload-core'
import { type Dispatcher, FormData } from 'undici'
import type { z } from 'zod'
import { exchange, header } from './exchange.ts'
import { type LateNumber, lateJson } from './late-json.ts'
import { networkFailure } from './network-failure.ts'
import type { CallFailure, DestinationSettings, RateLimit, Unsuccessful } from './port.ts'
import { parseJson, rateLimitOf, replyFailure } from './reply-failure.ts'

export type Call = {
  method: 'GET' | 'POST' | 'PUT'
  path: string
  accessToken?: string
  headers?: Record<string, string>
  /** Sent as JSON. */
  json?: object
  /** Goes with `json`, as it is when there is a connection to send it over. */
  lateNumber?: LateNumber
  /** Sent as `multipart/form-data`, as the auth endpoints are documented; fields without a value are left out. */
  form?: Record<string, string | null | undefined>
  maxReplyBytes?: number
}
export type Answered = { kind: 'answered'; status: number; text: string; rateLimit: RateLimit | null }

const defaultCallTimeoutMs = 30_000
const defaultMaxReplyBytes = 262_144

/** One call of the device API. `answered`: a success status whose body is not a web page. */
export async function call(
  settings: DestinationSettings,
  baseUrl: URL,
  request: Call,
  signal: AbortSignal,
): Promise<Answered | Unsuccessful> {
  if (signal.aborted) return { kind: 'aborted' }
  try {
    const { body, complete } = bodyOf(request)
    const reply = await exchange(settings.dispatcher, requestOptions(settings, baseUrl, request, body), {
      signal,
      timeoutMs: settings.callTimeoutMs ?? defaultCallTimeoutMs,
      maxReplyBytes: request.maxReplyBytes ?? defaultMaxReplyBytes,
      ...(complete === undefined ? {} : { onStart: complete }),
    })
    const { text } = reply
    if (reply.statusCode < 200 || reply.statusCode >= 300)
      return failed(replyFailure(reply, text ?? '', secretsOf(request)))
    if (text === null || looksLikeWebPage(header(reply, 'content-type') ?? '', text))
      return failed({ kind: 'malformedReply', status: reply.statusCode })
    const serverNowMs = Date.parse(header(reply, 'date') ?? '')
    if (!Number.isNaN(serverNowMs)) settings.onServerTime?.(serverNowMs)
    return { kind: 'answered', status: reply.statusCode, text, rateLimit: rateLimitOf(reply) }
  } catch (error) {
    if (signal.aborted) return { kind: 'aborted' }
    return failed(networkFailure(error))
  }
}

export const failed = (failure: CallFailure): Unsuccessful => ({ kind: 'failed', failure })

/** The body of an answer by its schema; another shape is a failure like a web page. */
export function parsed<T>(schema: z.ZodType<T>, answer: Answered): { kind: 'parsed'; value: T } | Unsuccessful {
  const result = schema.safeParse(parseJson(answer.text))
  return result.success
    ? { kind: 'parsed', value: result.data }
    : failed({ kind: 'malformedReply', status: answer.status })
}

function requestOptions(
  settings: DestinationSettings,
  baseUrl: URL,
  request: Call,
  body: Body['body'],
): Dispatcher.DispatchOptions {
  const headers: Record<string, string> = { 'x-client-version': settings.clientVersion, accept: 'application/json' }
  if (request.accessToken !== undefined) headers.authorization = `Bearer ${request.accessToken}`
  if (request.json !== undefined) headers['content-type'] = 'application/json'
  return {
    origin: baseUrl.origin,
    path: `${baseUrl.pathname.replace(/\/+$/, '')}${request.path}`,
    method: request.method,
    headers: { ...headers, ...request.headers },
    body,
  }
}

/** `complete`: to be called before it leaves. */
type Body = { body: Buffer | FormData | null; complete?: () => void }

function bodyOf({ json, lateNumber, form }: Call): Body {
  if (json === undefined) return { body: formOf(form) }
  if (lateNumber === undefined) return { body: Buffer.from(JSON.stringify(json)) }
  const { content, complete } = lateJson(json, lateNumber)
  return { body: content, complete }
}

function formOf(fields: Call['form']): FormData | null {
  if (fields === undefined) return null
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) {
    if (value !== null && value !== undefined) form.append(name, value)
  }
  return form
}

/** Names of form fields whose values are credentials. */
const secretFields = new Set(['client_secret', 'device_code', 'refresh_token', 'device_secret', 'token'])

function secretsOf(request: Call): string[] {
  const ofForm = Object.entries(request.form ?? {}).flatMap(([name, value]) =>
    value && secretFields.has(name) ? [value] : [],
  )
  return request.accessToken === undefined ? ofForm : [request.accessToken, ...ofForm]
}
