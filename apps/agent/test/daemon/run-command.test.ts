import { randomUUID } from 'node:crypto'
import type { CommandBody } from '@rushes/protocol'
import { describe, expect, test } from 'vitest'
import { createCommandRunner } from '../../src/daemon/run-command.ts'
import type { CommandOrder, FinalOutcome } from '../../src/link-port.ts'
import { applyUploadEvent, findUpload } from '../../src/queue/apply-upload-event.ts'
import { readHold } from '../../src/queue/decisions.ts'
import {
  acknowledgeExecution,
  beginExecution,
  markOutcomeStored,
  pendingOutcomes,
  readExecution,
} from '../../src/queue/executions.ts'
import { recordReceiptSent, takeIdentity } from '../../src/queue/move-project.ts'
import type { Queue } from '../../src/queue/open-queue.ts'
import { claimRegistration, recordCreateFailure } from '../../src/queue/registrations.ts'
import type { Authorization, Confirmation } from '../../src/upload/authorization.ts'
import { hashText } from '../../src/xxh64.ts'
import { addClip, identity, startOfTime, testQueue } from '../queue/test-queue.ts'

const never = new AbortController().signal

function runner(queue: Queue, confirm: () => Confirmation = () => ({ kind: 'confirmed', moved: false })) {
  const authorization: Authorization = { confirm: async () => confirm() }
  const run = createCommandRunner({ queue, authorization, random: () => 0, stop: never })
  return (body: CommandBody, change: Partial<CommandOrder> = {}, signal = never): Promise<FinalOutcome> =>
    run(
      { executionId: randomUUID(), commandId: randomUUID(), body, expiresAt: null, ...change },
      () => undefined,
      signal,
    )
}

const failed = (queue: Queue, id: string) =>
  applyUploadEvent(queue, id, {
    kind: 'failed',
    reason: 'readError',
    error: { class: 'file', code: 'EIO', message: 'i/o error' },
  })

describe('a command', () => {
  test('to retry queues what failed again and says how much', async () => {
    const { queue } = testQueue()
    const [one, two] = [addClip(queue, 1_000), addClip(queue, 2_000)]
    failed(queue, one.id)
    failed(queue, two.id)
    expect(await runner(queue)({ kind: 'retryUploads', uploadIds: [one.id] })).toEqual({
      state: 'succeeded',
      result: { fileCount: 1, byteCount: 1_000, idsXxh64: hashText(one.id), summary: 'queued 1 file again' },
    })
    expect(await runner(queue)({ kind: 'retryUploads', uploadIds: null })).toMatchObject({
      result: { fileCount: 1, byteCount: 2_000 },
    })
    expect(findUpload(queue, two.id)).toMatchObject({ state: { kind: 'queued' }, error: null })
  })

  test('to clear, to hold and to release does so, and once', async () => {
    const { queue } = testQueue()
    const run = runner(queue)
    const held = addClip(queue, 1_000, { entry: { kind: 'held', reason: 'capturedBeforePairing' } })
    await run({ kind: 'holdUploads' })
    expect(readHold(queue)).toEqual({ since: startOfTime, by: 'operator' })
    await run({ kind: 'releaseUploads', uploadIds: null })
    expect(readHold(queue)).toBeNull()
    expect(findUpload(queue, held.id)?.state.kind).toBe('held')
    expect(await run({ kind: 'releaseUploads', uploadIds: [held.id] })).toMatchObject({ result: { fileCount: 1 } })
    const executionId = randomUUID()
    const first = await run({ kind: 'clearQueue' }, { executionId })
    expect(first).toMatchObject({ state: 'succeeded', result: { fileCount: 1, byteCount: 1_000 } })
    addClip(queue)
    expect(await run({ kind: 'clearQueue' }, { executionId })).toEqual(first)
    expect(queue.sql("SELECT count(*) AS queued FROM uploads WHERE state = 'queued'").get()).toEqual({ queued: 1 })
  })

  test('to offer a blocked clip again does so with its reason, and to release or retry everything leaves it blocked', async () => {
    const { queue } = testQueue()
    const run = runner(queue)
    const { id } = addClip(queue)
    const claim = claimRegistration(queue, 10)
    if (claim === null) throw new Error('it is to be registered')
    const error = { class: 'destination', code: 'E', message: 'Channel Paused' } as const
    recordCreateFailure(queue, claim, { consequence: { kind: 'block' }, uncertain: false, error })
    await run({ kind: 'retryUploads', uploadIds: null })
    await run({ kind: 'retryUploads', uploadIds: [id] })
    await run({ kind: 'releaseUploads', uploadIds: [id] })
    expect(findUpload(queue, id)?.state.kind).toBe('blocked')
    const order = { kind: 'unblockUpload', uploadId: id, reason: 'the client has agreed' } as const
    expect(await run(order)).toMatchObject({ state: 'succeeded', result: { fileCount: 1 } })
    expect(findUpload(queue, id)).toMatchObject({ state: { kind: 'queued' }, unblocked: { reason: order.reason } })
    expect(await run(order)).toMatchObject({ result: { fileCount: 0, summary: 'the clip is not blocked' } })
  })

  test('that is delivered twice at the same time is carried out once', async () => {
    const { queue } = testQueue()
    let reads = 0
    const run = runner(queue, () => {
      reads++
      return { kind: 'confirmed', moved: false }
    })
    const executionId = randomUUID()
    const body: CommandBody = { kind: 'assignProject', projectId: 'project-a', projectName: null, projectEpoch: 1 }
    const [one, two] = await Promise.all([run(body, { executionId }), run(body, { executionId })])
    expect(one).toBe(two)
    expect(reads).toBe(1)
  })

  test('that has expired or was cancelled before it began is not carried out', async () => {
    const { queue } = testQueue()
    addClip(queue)
    expect(await runner(queue)({ kind: 'clearQueue' }, { expiresAt: new Date(startOfTime).toISOString() })).toEqual({
      state: 'expired',
    })
    expect(await runner(queue)({ kind: 'clearQueue' }, {}, AbortSignal.abort())).toEqual({ state: 'cancelled' })
    expect(queue.sql("SELECT count(*) AS queued FROM uploads WHERE state = 'queued'").get()).toEqual({ queued: 1 })
  })

  test('that was begun before a crash is carried out when it is delivered again', async () => {
    const { queue, reopen } = testQueue()
    addClip(queue)
    const order = { executionId: randomUUID(), commandId: randomUUID() }
    acknowledgeExecution(queue, order)
    beginExecution(queue, order.executionId)
    const again = reopen()
    expect(readExecution(again, order.executionId)).toMatchObject({ state: 'running' })
    expect(await runner(again)({ kind: 'clearQueue' }, order)).toMatchObject({
      state: 'succeeded',
      result: { fileCount: 1 },
    })
  })

  test('has a durable outcome that is repeated until the other side has it', async () => {
    const { queue, reopen } = testQueue()
    const order = { executionId: randomUUID(), commandId: randomUUID() }
    await runner(queue)({ kind: 'holdUploads' }, order)
    const again = reopen()
    expect(pendingOutcomes(again, 10)).toMatchObject([{ ...order, outcome: { state: 'succeeded' } }])
    markOutcomeStored(again, order.executionId)
    expect(pendingOutcomes(again, 10)).toEqual([])
    expect(readExecution(again, order.executionId)).toMatchObject({ state: 'succeeded' })
  })
})

describe('a command to assign a project', () => {
  const body: CommandBody = { kind: 'assignProject', projectId: 'project-b', projectName: 'B', projectEpoch: 2 }

  test('reads the identity, clears, waits for the receipt, and answers with its numbers', async () => {
    const { queue } = testQueue()
    addClip(queue, 4_000)
    let tries = 0
    const run = runner(queue, () => {
      // The destination names the new project at the second look only, and takes the receipt with it.
      if (++tries === 1)
        return {
          kind: 'failed',
          operation: 'identity',
          verdict: { kind: 'retry', blame: 'surroundings', reason: 'offline', minDelayMs: 0 },
          message: 'no network',
        }
      takeIdentity(queue, identity('project-b', { projectEpoch: 2, purgeReceiptRequired: true }), hashText)
      recordReceiptSent(queue, 2)
      return { kind: 'confirmed', moved: true }
    })
    expect(await run(body)).toMatchObject({
      state: 'succeeded',
      result: { fileCount: 1, byteCount: 4_000, summary: 'cleared 1 file of the former project, now in The project-b' },
    })
  })

  test('is rejected where uploads go to another destination', async () => {
    const { queue } = testQueue({ isOurs: false })
    expect(await runner(queue)(body)).toMatchObject({ state: 'rejected', errorCode: 'ASSIGNED_AT_DESTINATION' })
  })

  test('fails when the destination no longer accepts the device', async () => {
    const { queue } = testQueue()
    expect(await runner(queue, () => ({ kind: 'lost' }))(body)).toMatchObject({
      state: 'failed',
      errorCode: 'AUTHORIZATION_LOST',
    })
  })
})
