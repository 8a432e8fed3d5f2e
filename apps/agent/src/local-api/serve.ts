import { chmodSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { AgentError, errorMessage } from '../agent-error.ts'
import { type OperationName, type Operations, operationSchemas } from './operations.ts'

/** A request names paths and ids by the thousand at most; 8 MiB is ample. */
const maxRequestBytes = 8 * 1024 * 1024

export const socketPathOf = (stateDir: string): string => join(stateDir, 'agent.sock')

/** Serves the operations on a Unix socket that only the agent's user can open. */
export async function serveLocalApi(options: {
  stateDir: string
  operations: Operations
  log: Logger
}): Promise<{ stop(): Promise<void> }> {
  const path = socketPathOf(options.stateDir)
  const server = createServer((request, response) => void handle(options, request, response))
  // Whoever left it is dead: this process holds the lock of the state folder.
  rmSync(path, { force: true })
  const listening = Promise.withResolvers<void>()
  server.once('error', listening.reject)
  server.listen(path, listening.resolve)
  try {
    await listening.promise
    chmodSync(path, 0o600)
  } catch (cause) {
    throw new AgentError(
      'LOCAL_API_FAILED',
      `cannot listen on ${path}`,
      'The path of the state folder may be too long for a socket (about 100 characters).',
      cause,
    )
  }
  return {
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
        rmSync(path, { force: true })
      }),
  }
}

async function handle(
  { operations, log }: { operations: Operations; log: Logger },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const answer = (status: number, body: unknown) => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(body))
  }
  try {
    const name = operationName(request.url)
    if (request.method !== 'POST' || name === null) {
      answer(404, { code: 'MISUSE', message: 'no such operation', hint: 'Use the command line of the same version.' })
      return
    }
    const input = operationSchemas[name].input.safeParse(await readJson(request))
    if (!input.success) {
      answer(400, { code: 'MISUSE', message: 'malformed request', hint: 'Use the command line of the same version.' })
      return
    }
    answer(200, { output: await call(operations, name, input.data) })
  } catch (error) {
    log.error({ err: error }, 'a local request failed')
    const { code, hint } =
      error instanceof AgentError ? error : { code: 'LOCAL_API_FAILED', hint: 'See the log of the agent.' }
    answer(500, { code, message: errorMessage(error), hint })
  }
}

/** The input was parsed by the schema of the same name, which is what makes the pairing of the two sound. */
function call(operations: Operations, name: OperationName, input: unknown): Promise<unknown> {
  const operation = operations[name] as (input: unknown) => Promise<unknown>
  return operation(input)
}

function operationName(url: string | undefined): OperationName | null {
  const name = url?.slice(1)
  return name !== undefined && Object.hasOwn(operationSchemas, name) ? (name as OperationName) : null
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size > maxRequestBytes) throw new AgentError('MISUSE', 'the request is too long', 'Name fewer files at once.')
    chunks.push(chunk)
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'))
}
