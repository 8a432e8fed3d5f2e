import { request } from 'node:http'
import { z } from 'zod'
import { AgentError, type AgentErrorCode, errorCode } from '../agent-error.ts'
import {
  type OperationInput,
  type OperationName,
  type OperationOutput,
  type Operations,
  operationSchemas,
} from './operations.ts'
import { socketPathOf } from './serve.ts'

const failure = z.object({ code: z.string(), message: z.string(), hint: z.string() })

/** The operations of the daemon of a state folder, over its socket. */
export function remoteOperations(stateDir: string): Operations {
  const remote = <N extends OperationName>(name: N) => {
    return async (input: OperationInput<N>): Promise<OperationOutput<N>> => {
      const { status, body } = await post(socketPathOf(stateDir), name, input)
      if (status === 200)
        return operationSchemas[name].output.parse(
          z.object({ output: z.unknown() }).parse(body).output,
        ) as OperationOutput<N>
      const failed = failure.parse(body)
      throw new AgentError(failed.code as AgentErrorCode, failed.message, failed.hint)
    }
  }
  return {
    status: remote('status'),
    progress: remote('progress'),
    list: remote('list'),
    below: remote('below'),
    show: remote('show'),
    add: remote('add'),
    addPiped: remote('addPiped'),
    retry: remote('retry'),
    reset: remote('reset'),
    cancel: remote('cancel'),
    pin: remote('pin'),
    finish: remote('finish'),
    hold: remote('hold'),
    release: remote('release'),
    unblock: remote('unblock'),
    restore: remote('restore'),
    restorable: remote('restorable'),
    admitAddress: remote('admitAddress'),
    pair: remote('pair'),
    deauthorize: remote('deauthorize'),
    clientId: remote('clientId'),
  }
}

function post(socketPath: string, name: string, input: unknown): Promise<{ status: number; body: unknown }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: unknown }>()
  const call = request(
    { socketPath, path: `/${name}`, method: 'POST', headers: { 'content-type': 'application/json' }, agent: false },
    (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        try {
          resolve({ status: response.statusCode ?? 0, body: JSON.parse(Buffer.concat(chunks).toString('utf8')) })
        } catch (error) {
          reject(error)
        }
      })
    },
  )
  call.on('error', (cause) => {
    const hint = 'Start it with: rushes-agent run --watch DIR'
    reject(
      new AgentError(
        'DAEMON_NOT_RUNNING',
        `the agent does not answer on its socket (${errorCode(cause)})`,
        hint,
        cause,
      ),
    )
  })
  call.end(JSON.stringify(input))
  return promise
}
