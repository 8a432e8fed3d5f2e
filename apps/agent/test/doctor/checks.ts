import { createServer as createTcpServer, type Server, type Socket } from 'node:net'
import type { Check } from '../../src/doctor/check.ts'
import { checkRoute } from '../../src/doctor/check-route.ts'

const cleanups: (() => unknown)[] = []

/** Ends what was started since the last time, newest first. Each test file has it run after each test. */
export async function endAll(): Promise<void> {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
}

/** Listens on a free port of this machine until the test is over. */
export async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => sockets.add(socket))
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  return portOf(server)
}

/** A port at which nothing listens. */
export async function deadPort(): Promise<number> {
  const server = createTcpServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const port = portOf(server)
  await new Promise((resolve) => server.close(resolve))
  return port
}

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a server listens at a port')
  return address.port
}

export async function allOf(checks: AsyncIterable<Check>): Promise<Check[]> {
  const all: Check[] = []
  for await (const check of checks) all.push(check)
  return all
}

export const routeTo = (url: string, proxy: string | null = null, timeoutMs = 10_000): Promise<Check[]> =>
  allOf(checkRoute({ url: new URL(url), of: 'destination', proxy: proxy === null ? null : new URL(proxy), timeoutMs }))

/** The one check that found something wrong, which is the last: nothing beyond it can be looked at. */
export function onlyProblem(checks: readonly Check[]): Check {
  const problems = checks.filter(({ ok }) => !ok)
  const [problem] = problems
  if (problem === undefined || problems.length > 1 || checks.at(-1) !== problem)
    throw new Error(`not one problem at the end: ${JSON.stringify(checks)}`)
  if ((problem.advice ?? '') === '') throw new Error(`no advice: ${problem.message}`)
  return problem
}
