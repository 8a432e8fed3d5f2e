import type { ApiContext } from '@rushes/api'
import { findSession } from '@rushes/fleet'
import { server } from './server.ts'

/** The context of one request to the API. */
export async function apiContext(headers: Headers): Promise<ApiContext> {
  const { auth, config, database, log } = server()
  const requestId = crypto.randomUUID()
  return {
    db: database.db,
    now: () => new Date(),
    signedIn: await findSession(auth, headers),
    // One address, and the client's: see `nameCallers`.
    remoteAddress: headers.get('x-forwarded-for'),
    publicUrl: config.publicUrl,
    requestId,
    onUnexpected: ({ error, path }) => log.error({ err: error, path, requestId }, 'a procedure failed unexpectedly'),
  }
}
