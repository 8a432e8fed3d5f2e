import type { IncomingHttpHeaders } from 'node:http'
import type { Reply } from './replies.ts'
import type { LoggedRequest, Operation } from './request-log.ts'
import type { World } from './world.ts'

/** What a route sees of a request besides its body. */
export type RouteRequest = {
  entry: LoggedRequest
  headers: IncomingHttpHeaders
  /** Segments of the path that vary: ids, numbers. */
  ids: string[]
  query: URLSearchParams
  /** As the client addressed the server, so that addresses in replies lead through whatever lies between. */
  origin: string
}

/** An API call: its whole body is parsed and handed over at once. */
export type ApiRoute = (world: World, request: RouteRequest, body: unknown) => Reply
export type ApiRoutes = Partial<Record<Operation, ApiRoute>>

/** Fields of a form or an object; anything else is an empty one. */
export function fieldsOf(body: unknown): Record<string, unknown> {
  return typeof body === 'object' && body !== null ? Object.fromEntries(Object.entries(body)) : {}
}

export function textField(body: unknown, name: string): string {
  const value = fieldsOf(body)[name]
  return typeof value === 'string' ? value : ''
}
