import type { IncomingMessage, ServerResponse } from 'node:http'
import { type LiveSource, liveRouter } from '@rushes/api'
import { type Auth, findSession } from '@rushes/fleet'
import { nodeHTTPRequestHandler } from '@trpc/server/adapters/node-http'
import type { Logger } from 'pino'
import { crossSiteLook } from './cross-site.ts'

/** Streams at once, of everybody together; each is a socket and a few kilobytes. */
const maxStreams = 2_000
/** A browser that takes nothing for this long is gone, or as good as. */
const stalledAfterMs = 60_000

/** Serves the live streams below `/live`, to signed-in people, from this site's own pages. */
export class LiveServer {
  private readonly options: { auth: Auth; publicUrl: string; source: LiveSource; log: Logger }
  private readonly open = new Set<ServerResponse>()

  constructor(options: LiveServer['options']) {
    this.options = options
  }

  handle(request: IncomingMessage, response: ServerResponse, path: string): void {
    const refusal = this.refusal(request)
    if (refusal !== null) {
      response.writeHead(refusal.status, { 'content-type': 'application/json' })
      response.end(`${JSON.stringify({ error: { code: refusal.code, hint: refusal.hint } })}\n`)
      return
    }
    this.open.add(response)
    response.once('close', () => this.open.delete(response))
    request.socket.setTimeout(stalledAfterMs, () => request.socket.destroy())
    const headers = new Headers()
    for (const name of ['cookie', 'user-agent']) {
      const value = request.headers[name]
      if (typeof value === 'string') headers.set(name, value)
    }
    void nodeHTTPRequestHandler({
      router: liveRouter,
      req: request,
      res: response,
      path,
      createContext: async () => ({
        source: this.options.source,
        findPerson: async () => (await findSession(this.options.auth, headers))?.person ?? null,
      }),
      onError: ({ error, path }) => {
        if (error.code === 'INTERNAL_SERVER_ERROR') this.options.log.error({ err: error, path }, 'a live stream failed')
      },
    })
  }

  /** Cuts every stream off without ending it, so that the browsers connect again and resume. */
  stop(): void {
    for (const response of this.open) response.destroy()
  }

  private refusal(request: IncomingMessage): { status: 403 | 405 | 503; code: string; hint: string } | null {
    if (request.method !== 'GET') return { status: 405, code: 'methodRefused', hint: 'Live streams are read with GET' }
    const foreign = crossSiteLook(request.headers, this.options.publicUrl)
    if (foreign !== null) return { status: 403, code: 'originRefused', hint: foreign }
    if (this.open.size >= maxStreams) return { status: 503, code: 'busy', hint: 'Come back in a moment' }
    return null
  }
}
