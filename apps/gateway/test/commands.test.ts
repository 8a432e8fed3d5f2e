import { randomUUID } from 'node:crypto'
import { cancelCommand, enqueueCommand, type OperatorCommand } from '@rushes/fleet'
import type { CommandResult } from '@rushes/protocol'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { Site, type TestDevice } from './support/site.ts'
import { TestAgent } from './support/test-agent.ts'
import { until } from './support/until.ts'

// Real processes and sockets: on a busy machine each step takes its time.
vi.setConfig({ testTimeout: 60_000 })

let site: Site
let device: TestDevice
const result: CommandResult = { fileCount: 2, byteCount: 10, idsXxh64: null, summary: '2 files' }
const at = '2026-11-22T09:00:00.000Z'

beforeAll(async () => {
  site = await Site.open()
})
afterAll(() => site.close())
beforeEach(async () => {
  device = await site.device()
})

const acting = () => ({
  db: site.db,
  now: new Date(),
  actor: { kind: 'person', id: 'ana', name: 'Ana' } as const,
})

async function enqueue(body: OperatorCommand) {
  const commandId = randomUUID()
  const outcome = await enqueueCommand(acting(), { commandId, body, deviceIds: [device.id] })
  if (outcome.kind !== 'enqueued') throw new Error(outcome.kind)
  return { commandId, executionId: outcome.executions[0]?.executionId ?? '' }
}

const stateOf = async (executionId: string) => {
  const [row] = await site.sql('select state from command_executions where id = $1', [executionId])
  return row?.state
}

test('a command to a device that is away waits, and reaches it when it connects', async () => {
  const { commandId, executionId } = await enqueue({ kind: 'retryUploads', uploadIds: ['u1'] })
  const { agent } = await TestAgent.greet(site.port, device.secret)
  const command = await agent.next('command')
  expect(command).toMatchObject({ executionId, commandId, body: { kind: 'retryUploads', uploadIds: ['u1'] } })
  expect(await stateOf(executionId)).toBe('delivered')
  agent.send({ type: 'execution', update: { executionId, at, outcome: { state: 'acknowledged' } } })
  agent.send({ type: 'execution', update: { executionId, at, outcome: { state: 'succeeded', result } } })
  expect(await agent.next('executionStored')).toEqual({ type: 'executionStored', executionId, state: 'succeeded' })
  expect(await stateOf(executionId)).toBe('succeeded')
  await agent.close()
})

test('a connected device has its command at once, and reports fast while it works on it', async () => {
  const { agent } = await TestAgent.greet(site.port, device.secret)
  const { executionId } = await enqueue({ kind: 'holdUploads' })
  expect((await agent.next('command', 900)).executionId).toBe(executionId)
  expect(await agent.next('reportRate')).toEqual({ type: 'reportRate', everyMs: 1_000 })
  await agent.close()
})

test('an answer that was lost is said again and changes nothing; the command is not given again', async () => {
  const { executionId } = await enqueue({ kind: 'clearQueue' })
  const first = await TestAgent.greet(site.port, device.secret)
  await first.agent.next('command')
  first.agent.send({ type: 'execution', update: { executionId, at, outcome: { state: 'succeeded', result } } })
  await first.agent.close()
  const { agent } = await TestAgent.greet(site.port, device.secret)
  const answer = { type: 'execution', update: { executionId, at, outcome: { state: 'succeeded', result } } } as const
  agent.send(answer)
  agent.send(answer)
  await agent.next('executionStored')
  await agent.next('executionStored')
  expect(await stateOf(executionId)).toBe('succeeded')
  agent.snapshot()
  await agent.close()
})

test('a command whose delivery was lost with its connection is given again on the next', async () => {
  const { executionId } = await enqueue({ kind: 'clearQueue' })
  const first = await TestAgent.greet(site.port, device.secret)
  await first.agent.next('command')
  await first.agent.close()
  const { agent } = await TestAgent.greet(site.port, device.secret)
  expect((await agent.next('command')).executionId).toBe(executionId)
  const [row] = await site.sql('select delivery_count from command_executions where id = $1', [executionId])
  expect(row).toEqual({ delivery_count: 2 })
  await agent.close()
})

test('of two destructive commands the second comes when the first has ended', async () => {
  const { agent } = await TestAgent.greet(site.port, device.secret)
  const first = await enqueue({ kind: 'clearQueue' })
  const second = await enqueue({ kind: 'clearQueue' })
  const third = await enqueue({ kind: 'holdUploads' })
  expect((await agent.next('command')).executionId).toBe(first.executionId)
  expect((await agent.next('command')).executionId).toBe(third.executionId)
  expect(agent.take('command')).toBeUndefined()
  agent.send({
    type: 'execution',
    update: { executionId: first.executionId, at, outcome: { state: 'failed', errorCode: 'busy', message: 'busy' } },
  })
  expect((await agent.next('command')).executionId).toBe(second.executionId)
  await agent.close()
})

test('a command that is called off while the device holds it is called off there', async () => {
  const { agent } = await TestAgent.greet(site.port, device.secret)
  const { commandId, executionId } = await enqueue({ kind: 'clearQueue' })
  await agent.next('command')
  expect(await cancelCommand(acting(), { commandId })).toMatchObject({ kind: 'cancelled', toldCount: 1 })
  expect(await agent.next('cancelCommand')).toEqual({ type: 'cancelCommand', executionId })
  await agent.close()
  const { agent: again } = await TestAgent.greet(site.port, device.secret)
  await again.next('cancelCommand')
  await again.next('command')
  again.send({ type: 'execution', update: { executionId, at, outcome: { state: 'cancelled' } } })
  await again.next('executionStored')
  expect(await stateOf(executionId)).toBe('cancelled')
  await again.close()
})

test('an answer about a command that nobody gave is taken off the device’s hands', async () => {
  const { agent } = await TestAgent.greet(site.port, device.secret)
  const executionId = randomUUID()
  agent.send({ type: 'execution', update: { executionId, at, outcome: { state: 'succeeded', result } } })
  expect(await agent.next('executionStored')).toEqual({ type: 'executionStored', executionId, state: 'unknown' })
  await agent.close()
})

test('a command whose wake-up was lost is found by the poll', async () => {
  const { agent } = await TestAgent.greet(site.port, device.secret)
  const { executionId } = await enqueue({ kind: 'holdUploads' })
  await agent.next('command')
  // As if it had been enqueued by somebody who could not notify: queued, and nobody told.
  await site.sql(`update command_executions set state = 'queued', delivered_epoch = null where id = $1`, [executionId])
  expect((await agent.next('command')).executionId).toBe(executionId)
  await until('it to be recorded', async () => (await stateOf(executionId)) === 'delivered')
  await agent.close()
})
