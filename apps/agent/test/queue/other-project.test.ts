import { describe, expect, test } from 'vitest'
import { findUpload } from '../../src/queue/apply-upload-event.ts'
import { captureAt, isCapturedSince } from '../../src/queue/capture-clock.ts'
import { clearUploads, retryUploads } from '../../src/queue/decisions.ts'
import { readUploadLink } from '../../src/queue/links.ts'
import { pendingReceipt, recordReceiptSent, takeIdentity } from '../../src/queue/move-project.ts'
import { claimPart } from '../../src/queue/part-claims.ts'
import { claimRegistration } from '../../src/queue/registrations.ts'
import { hashText } from '../../src/xxh64.ts'
import { created } from './created-clip.ts'
import { addClip, identity, startOfTime, testQueue } from './test-queue.ts'

describe('another project', () => {
  test('clears what belongs to the former one in the same transaction, keeps the rows, and opens the fence with the receipt', () => {
    const { queue } = testQueue()
    const ids = [addClip(queue, 1_000), addClip(queue, 2_000)].map(({ id }) => id)
    created(queue, 1)
    const aborted: string[] = []
    queue.listen((news) => news.kind === 'abort' && aborted.push(news.uploadId))
    const outcome = takeIdentity(
      queue,
      identity('project-b', { projectEpoch: 2, purgeReceiptRequired: true }),
      hashText,
    )
    expect(outcome).toMatchObject({
      kind: 'moved',
      receipt: {
        clearedCount: 2,
        clearedBytes: 3_000,
        abortedCount: 1,
        fromProjectId: 'project-a',
        toProjectId: 'project-b',
        idsXxh64: hashText([...ids].sort().join('\n')),
      },
    })
    expect(aborted).toContain(ids[0])
    expect(ids.map((id) => findUpload(queue, id)?.state)).toEqual(
      Array(2).fill({ kind: 'cleared', reason: 'projectChanged', heldFor: null }),
    )
    addClip(queue)
    expect(claimRegistration(queue, 10)).toBeNull()
    expect(pendingReceipt(queue)?.epoch).toBe(2)
    recordReceiptSent(queue, 2)
    expect(pendingReceipt(queue)).toBeNull()
    expect(claimRegistration(queue, 10)?.upload.projectId).toBe('project-b')
  })

  test('keeps a receipt through a crash, and does not write another for the same epoch', () => {
    const { queue, reopen } = testQueue()
    addClip(queue, 1_000)
    takeIdentity(queue, identity('project-b', { projectEpoch: 2, purgeReceiptRequired: true }), hashText)
    const again = reopen()
    takeIdentity(again, identity('project-b', { projectEpoch: 2, purgeReceiptRequired: true }), hashText)
    expect(pendingReceipt(again)?.receipt.clearedCount).toBe(1)
  })

  test('of another server, whose count of moves has come as far, gets a receipt of its own', () => {
    const { queue } = testQueue()
    takeIdentity(queue, identity('project-b', { projectEpoch: 2, purgeReceiptRequired: true }), hashText)
    recordReceiptSent(queue, 2)
    takeIdentity(queue, identity('project-x', { projectEpoch: 1 }), hashText)
    takeIdentity(queue, identity('project-y', { projectEpoch: 2, purgeReceiptRequired: true }), hashText)
    expect(pendingReceipt(queue)?.receipt).toMatchObject({ fromProjectId: 'project-x', toProjectId: 'project-y' })
  })

  test('after a time without any begins when the device learns of it, so that it gets nothing that was captured before', () => {
    const { queue, clock } = testQueue()
    clock.now += 60_000
    takeIdentity(queue, identity(null, { projectEpoch: 2 }), hashText)
    clock.now += 60_000
    takeIdentity(queue, identity('project-b', { projectEpoch: 3 }), hashText)
    expect(readUploadLink(queue)).toMatchObject({ project: { id: 'project-b' }, projectSince: { at: clock.now } })
  })

  test('is not given what began a moment before the device learned of it, though the uptime is told in steps', () => {
    const { queue, clock } = testQueue()
    const { uptimeMs } = queue
    queue.uptimeMs = () => Math.floor(uptimeMs() / 10) * 10
    clock.now += 60_009
    takeIdentity(queue, identity('project-b', { projectEpoch: 2 }), hashText)
    const learnedAt = clock.now
    clock.now = startOfTime + 120_000
    const since = readUploadLink(queue)?.projectSince
    if (since == null) throw new Error('the device has a project')
    const isSince = (at: number) => isCapturedSince(queue, [since], { ...captureAt(queue, at), isWitnessed: true })
    expect([-5, -1, 10].map((ms) => isSince(learnedAt + ms))).toEqual([false, false, true])
  })

  test('does not let anybody retry what belongs to the former one', () => {
    const { queue } = testQueue()
    const { id } = addClip(queue)
    queue.sql("UPDATE uploads SET state = 'cancelled', reason = 'cancelledByOperator', step = NULL").run()
    takeIdentity(queue, identity('project-b', { projectEpoch: 2 }), hashText)
    expect(retryUploads(queue, [id]).ids).toEqual([])
  })

  test('of the same id but another name is no other project', () => {
    const { queue } = testQueue()
    const { id } = addClip(queue)
    const renamed = { ...identity('project-a'), projectName: 'Renamed' }
    expect(takeIdentity(queue, renamed, hashText)).toEqual({ kind: 'unchanged' })
    expect(findUpload(queue, id)?.state.kind).toBe('queued')
  })

  test('given to a device that had none holds what was captured before', () => {
    const { queue } = testQueue({ projectId: null })
    const { id } = addClip(queue)
    testLink(queue)
    takeIdentity(queue, identity('project-a'), hashText)
    expect(findUpload(queue, id)).toMatchObject({
      projectId: 'project-a',
      state: { kind: 'held', reason: 'capturedBeforePairing' },
    })
  })
})

function testLink(queue: ReturnType<typeof testQueue>['queue']): void {
  queue
    .sql(
      "INSERT INTO upload_link (one, server_url, is_ours, client_id, access_token, access_expires_at, refresh_token, authorization, fence, paired_at) VALUES (1, 'http://127.0.0.1:1', 1, 'unit', 'a', 1, 'r', 'good', 'identityPending', ?)",
    )
    .run(startOfTime)
}

test('clearing keeps every row with its reason, and nothing of it can be claimed', () => {
  const { queue } = testQueue()
  addClip(queue)
  addClip(queue)
  created(queue)
  expect(clearUploads(queue, 'clearedByOperator')).toMatchObject({ byteCount: 6_000, wereUnderWay: 1 })
  expect(claimPart(queue)).toBeNull()
  expect(claimRegistration(queue, 10)).toBeNull()
  expect(queue.sql('SELECT state, reason FROM uploads').all()).toEqual(
    Array(2).fill({ state: 'cleared', reason: 'clearedByOperator' }),
  )
})
