import { randomInt } from 'node:crypto'
import { createServer, type Server } from 'node:net'

/** Above those that browsers refuse, below those that systems give to whoever asks for any port. */
const [lowest, highest] = [10_240, 32_767]
const maxTries = 100

/**
 * Listens on a port of 127.0.0.1 that nobody is given by chance, so that it is still free where the server is closed for a while and comes back.
 * Rejects when a hundred ports in a row are taken.
 */
export async function listenOnOwnPort(server: Server): Promise<number> {
  for (let tries = 1; ; tries++) {
    const port = randomInt(lowest, highest + 1)
    try {
      await listenOn(server, port)
      return port
    } catch (error) {
      if (tries === maxTries) throw error // else another one has that port
    }
  }
}

export function listenOn(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      resolve()
    })
  })
}

/** A port that nobody listens on, nor is given by chance: for a program that is to listen there. */
export async function freePort(): Promise<number> {
  const server = createServer()
  const port = await listenOnOwnPort(server)
  await new Promise((resolve) => server.close(resolve))
  return port
}
