import { detailedError, simpleError } from '@rushes/protocol'
import { expect } from 'vitest'
import { type Device, form, type Reply, send } from '../support/pair.ts'
import type { Topic } from './topics.ts'
import type { World } from './world.ts'

/** A request as one writes it down: `POST /v2/devices/assets`, or `PUT https://…` for a signed URL. */
export type Sent = {
  to: string
  /** Whose token goes along; nobody's when absent. */
  as?: Device
  json?: unknown
  multipart?: Record<string, string>
  urlencoded?: Record<string, string>
  /** Bytes or text as they are, with whatever type the headers say. */
  raw?: string | Uint8Array<ArrayBuffer>
  headers?: Record<string, string>
}

type Expected<G> = {
  status: number
  /** The whole body. */
  body?: unknown | ((at: World, given: G) => unknown)
  /** A part of it. */
  has?: object | ((at: World, given: G) => object)
  /** The code of an object store's error. */
  code?: string
  headers?: Record<string, unknown>
}

export type RowOf<G> = {
  title: string
  topics: readonly Topic[]
  /** What has happened before. */
  given?: (at: World) => Promise<G>
  send: (at: World, given: G) => Sent | Promise<Sent>
  expect: Expected<G>
  /** What can be seen afterwards. */
  after?: (at: World, given: G, reply: Reply) => Promise<void>
}

export type Row = { title: string; topics: readonly Topic[]; status: number; run(at: World): Promise<void> }

/** One line of the table. */
export function row<G = undefined>(line: RowOf<G>): Row {
  return {
    title: line.title,
    topics: line.topics,
    status: line.expect.status,
    async run(at) {
      const given = (await line.given?.(at)) as G // undefined where there is no `given`, which is what G is then
      const sent = await line.send(at, given)
      const reply = await exchange(at, sent)
      check(at, given, line.expect, sent, reply)
      await line.after?.(at, given, reply)
    },
  }
}

/** Sends a request to the server under test. */
export function exchange(at: World, sent: Sent): Promise<Reply> {
  const [method = '', path = ''] = sent.to.split(/ (.*)/s)
  const body = bodyOf(sent)
  return send(method, path.startsWith('/') ? at.ingest.url + path : path, {
    headers: {
      ...(sent.as === undefined ? {} : { authorization: `Bearer ${sent.as.accessToken}` }),
      ...(sent.json === undefined ? {} : { 'content-type': 'application/json' }),
      ...sent.headers,
    },
    ...(body === undefined ? {} : { body }),
  })
}

function bodyOf({ json, multipart, urlencoded, raw }: Sent) {
  if (json !== undefined) return JSON.stringify(json)
  if (multipart !== undefined) return form(multipart)
  if (urlencoded !== undefined) return new URLSearchParams(urlencoded)
  return raw
}

function check<G>(at: World, given: G, expected: Expected<G>, sent: Sent, reply: Reply): void {
  const { status, code, headers } = expected
  const body = typeof expected.body === 'function' ? expected.body(at, given) : expected.body
  const has = typeof expected.has === 'function' ? expected.has(at, given) : expected.has
  expect([reply.status, reply.text]).toEqual([status, expect.anything()])
  if (body !== undefined) expect(reply.body).toEqual(body)
  if (has !== undefined) expect(reply.body).toMatchObject(has)
  if (code !== undefined) expect(reply.text).toContain(`<Code>${code}</Code>`)
  const seen = Object.fromEntries(Object.keys(headers ?? {}).map((name) => [name, reply.headers.get(name)]))
  expect(seen).toEqual(headers ?? {})
  if (reply.status >= 400) expectErrorShape(at, sent, reply)
  const isPart = / https?:/.test(sent.to)
  if (!isPart) for (const name of rateHeaders) expect(reply.headers.get(name)).toMatch(/^\d+$/)
}

const rateHeaders = ['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-window']

/** Every error of every row has the shape of its endpoint, and its code is its status. */
function expectErrorShape(at: World, { to }: Sent, reply: Reply): void {
  if (/ \/v2\/(auth|device)\//.test(to) && reply.status !== 404) {
    expect(simpleError.safeParse(reply.body).success).toBe(true)
  } else if (/^PUT http/.test(to)) {
    // Those of a bucket are the store's own.
    if (at.ingest.bucket === null)
      expect(reply.text).toMatch(
        /^<\?xml .*\n<Error><Code>\w+<\/Code><Message>.+<\/Message><RequestId>[\w-]+<\/RequestId>/,
      )
  } else {
    const error = detailedError.parse(reply.body)
    expect([error.code, ...error.errors.flatMap((each) => [each.code, each.status])]).toEqual([
      reply.status,
      reply.status,
      reply.status,
    ])
  }
}
