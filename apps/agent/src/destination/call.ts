import { looksLikeWebPage } from '@rushes/upload-core'
import { type Dispatcher, FormData } from 'undici'
import type { z } from 'zod'
import { exchange, header } from './exchange.ts'
import { lateJson } from './late-json.ts'
import { networkFailure, networkFailureOf } from './network-failure.ts'
import type { CallFailure, DestinationSettings, RateLimit, Unsuccessful } from './port.ts'
import { parseJson, rateLimitOf, replyFailure } from './reply-failure.ts'

export type Call = {
  method: 'GET' | 'POST' | 'PUT'
  path: string
  accessToken?: string
  headers?: Record<string, string>
  /** Sent as JSON. */
  json?: unknown
  /** Sent as JSON too, made when there is a connection to send it over: numbers in it may have a few digits more by then. */
  jsonWhenSent?: () => unknown
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
  const deadline = new AbortController()
  const timer = setTimeout(() => deadline.abort(), settings.callTimeoutMs ?? defaultCallTimeoutMs)
  const onAbort = () => deadline.abort()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    if (signal.aborted) return { kind: 'aborted' }
    const options = requestOptions(settings, baseUrl, request)
    const maxReplyBytes = request.maxReplyBytes ?? defaultMaxReplyBytes
    const reply = await exchange(settings.dispatcher, options, deadline.signal, maxReplyBytes)
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
    return failed(deadline.signal.aborted ? networkFailureOf('ETIMEDOUT') : networkFailure(error))
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
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

function requestOptions(settings: DestinationSettings, baseUrl: URL, request: Call): Dispatcher.DispatchOptions {
  const headers: Record<string, string> = { 'x-client-version': settings.clientVersion, accept: 'application/json' }
  if (request.accessToken !== undefined) headers.authorization = `Bearer ${request.accessToken}`
  if (request.json !== undefined || request.jsonWhenSent !== undefined) headers['content-type'] = 'application/json'
  return {
    origin: baseUrl.origin,
    path: `${baseUrl.pathname.replace(/\/+$/, '')}${request.path}`,
    method: request.method,
    headers: { ...headers, ...request.headers },
    body: bodyOf(request),
  }
}

function bodyOf({ json, jsonWhenSent, form }: Call): NonNullable<Dispatcher.DispatchOptions['body']> | null {
  if (jsonWhenSent !== undefined) return lateJson(jsonWhenSent)
  return json === undefined ? formOf(form) : JSON.stringify(json)
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
