import { Agent, request } from 'node:http'
import { form } from '../support/pair.ts'
import type { Hostile, HostileBody } from './requests.ts'

export type HostileReply = { status: number; headers: Record<string, string | string[] | undefined>; text: string }

const agent = new Agent({ keepAlive: true, maxSockets: 64 })

/** Sends a request as it is written down; `broken` when the server ended the connection without an answer. */
export async function perform(
  origin: string,
  accessTokens: readonly string[],
  hostile: Hostile,
): Promise<HostileReply | 'broken'> {
  const body = await bodyOf(hostile.body)
  const token = hostile.device === null ? undefined : accessTokens[hostile.device]
  const { hostname, port } = new URL(origin)
  const chunked = hostile.body.kind === 'bytes' && hostile.body.chunked
  return new Promise((resolve) => {
    const sent = request({
      agent,
      hostname,
      port,
      method: hostile.method,
      path: hostile.path,
      headers: {
        ...body.headers,
        ...hostile.headers,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(chunked || body.bytes === null ? {} : { 'content-length': body.bytes.length }),
      },
    })
    sent.on('response', (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (more: string) => {
        text += more
      })
      const done = () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text })
      response.on('end', done).on('error', done)
    })
    sent.on('error', () => resolve('broken'))
    sent.end(body.bytes ?? undefined)
  })
}

async function bodyOf(body: HostileBody): Promise<{ bytes: Uint8Array | null; headers: Record<string, string> }> {
  switch (body.kind) {
    case 'none':
      return { bytes: null, headers: {} }
    case 'json':
      return { bytes: Buffer.from(JSON.stringify(body.value) ?? ''), headers: { 'content-type': 'application/json' } }
    case 'urlencoded':
      return encoded(new URLSearchParams(body.fields))
    case 'multipart':
      return encoded(form(body.fields))
    case 'raw':
      return { bytes: Buffer.from(body.text), headers: body.type === '' ? {} : { 'content-type': body.type } }
    case 'bytes':
      return { bytes: Buffer.alloc(body.lengthBytes, 7), headers: {} }
  }
}

/** A form as its own class writes it. */
async function encoded(fields: URLSearchParams | FormData) {
  const response = new Response(fields)
  const type = response.headers.get('content-type') ?? ''
  return { bytes: new Uint8Array(await response.arrayBuffer()), headers: { 'content-type': type } }
}
