import type { FastifyInstance } from 'fastify'
import { StartError } from './start-error.ts'
import { isErrno } from './store/folder/errno.ts'

/**
 * Makes the server listen; returns the port, also where 0 was asked for.
 *
 * @throws StartError `portTaken`, `addressUnusable`
 */
export async function listen(app: FastifyInstance, at: { host: string; port: number }): Promise<number> {
  try {
    await app.listen(at)
  } catch (cause) {
    throw listenFailure(cause, at, 'RUSHES_INGEST_PORT')
  }
  const address = app.server.address()
  return typeof address === 'object' && address !== null ? address.port : at.port
}

/** Why nothing can listen there, in words for whoever starts it. */
export function listenFailure(
  cause: unknown,
  { host, port }: { host: string; port: number },
  setBy: string,
): StartError {
  if (isErrno(cause, 'EADDRINUSE'))
    return new StartError(
      'portTaken',
      `port ${port} of ${host} is taken by another program`,
      `Stop that program, or choose another port with ${setBy}`,
      cause,
    )
  return new StartError(
    'addressUnusable',
    `cannot listen on ${host}, port ${port}: ${cause instanceof Error ? cause.message : String(cause)}`,
    `Set RUSHES_HOST to an address of this machine, for example RUSHES_HOST=0.0.0.0, and ${setBy} above 1023`,
    cause,
  )
}
