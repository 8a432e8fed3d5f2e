import type { CommandBody, ExecutionUpdate } from '@rushes/protocol'
import type { GatewaySession } from './scripted-gateway.ts'

export const id = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`
export const order = (
  number: number,
  body: CommandBody | { kind: string } = { kind: 'holdUploads' },
  expiresAt: string | null = null,
) =>
  ({
    type: 'command',
    executionId: id(number),
    commandId: id(1_000_000 + number),
    issuedAt: '2026-11-22T11:59:00.000Z',
    expiresAt,
    body,
  }) as const
export const clear: CommandBody = { kind: 'clearQueue' }

export const nextUpdate = async (session: GatewaySession): Promise<ExecutionUpdate> =>
  (await session.nextOf('execution')).update
/** The states told of each execution within a few turns. */
export const told = async (session: GatewaySession) =>
  (await session.settle()).flatMap((frame) =>
    frame.type === 'execution' ? [[Number(frame.update.executionId.slice(-12)), frame.update.outcome.state]] : [],
  )
export const finals = async (session: GatewaySession) =>
  (await told(session)).filter(([, state]) => state !== 'acknowledged')
