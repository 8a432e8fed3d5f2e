import { describe, expect, test } from 'vitest'
import { findUpload } from '../../src/queue/apply-upload-event.ts'
import { holdUploads } from '../../src/queue/decisions.ts'
import { loseAuthorization, requireIdentity, storeTokens } from '../../src/queue/links.ts'
import { takeIdentity } from '../../src/queue/move-project.ts'
import type { Queue } from '../../src/queue/open-queue.ts'
import { acknowledgePart, claimPart, recordPartFailure, returnPart } from '../../src/queue/part-claims.ts'
import { claimRegistration, recordCreateFailure } from '../../src/queue/registrations.ts'
import { endWaits, nextDueAt, rescueClaims, sweepLeases } from '../../src/queue/waits.ts'
import { hashText } from '../../src/xxh64.ts'
import { created } from './created-clip.ts'
import { addClip, identity, startOfTime, type TestQueue, testQueue } from './test-queue.ts'

const digest = '0123456789abcdef'
const error = { class: 'agent', code: 'E', message: 'because' } as const
const random = () => 0.5

describe('claims', () => {
  test('take nothing of another project, of a closed fence, of a lost authorization, or on hold', () => {
    const { queue } = testQueue()
    addClip(queue)
    queue.sql("UPDATE uploads SET project_id = 'project-b'").run()
    expect(claimRegistration(queue, 10)).toBeNull()
    queue.sql("UPDATE uploads SET project_id = 'project-a'").run()
    requireIdentity(queue)
    expect(claimRegistration(queue, 10)).toBeNull()
    takeIdentity(queue, identity('project-a'), hashText)
    holdUploads(queue, 'operator')
    expect(claimRegistration(queue, 10)).toBeNull()
    queue.sql('UPDATE unit SET held_since = NULL, held_by = NULL').run()
    loseAuthorization(queue, 'refresh-1')
    expect(claimRegistration(queue, 10)).toBeNull()
    storeTokens(queue, 'refresh-1', {
      accessToken: 'access-2',
      accessExpiresAt: startOfTime,
      refreshToken: 'refresh-2',
    })
    expect(claimRegistration(queue, 10)).toBeNull()
    takeIdentity(queue, identity('project-a'), hashText)
    expect(claimRegistration(queue, 10)).not.toBeNull()
  })

  test('register only as many uploads ahead as were asked for, since their addresses grow old', () => {
    const { queue } = testQueue()
    addClip(queue)
    addClip(queue)
    created(queue)
    expect(claimRegistration(queue, 1)).toBeNull()
    expect(claimRegistration(queue, 2)).not.toBeNull()
  })

  test('come in the order in which files were taken in, those that failed behind the others', () => {
    const { queue, clock } = testQueue()
    const [first, second] = [addClip(queue), addClip(queue)]
    const claim = claimRegistration(queue, 10)
    expect(claim?.upload.id).toBe(first.id)
    if (claim === null) return
    recordCreateFailure(queue, claim, {
      uncertain: false,
      error,
      consequence: { kind: 'tryAgain', reason: 'deprioritised', at: clock.now, counted: true, deprioritised: true },
    })
    endWaits(queue)
    expect([claimRegistration(queue, 10)?.upload.id, claimRegistration(queue, 10)?.upload.id]).toEqual([
      second.id,
      first.id,
    ])
  })

  test('acknowledge one part and take the next in one transaction, and the last part completes the upload', () => {
    const { queue } = testQueue()
    addClip(queue)
    const id = created(queue)
    let claim = claimPart(queue)
    const numbers: number[] = []
    while (claim !== null) {
      numbers.push(claim.number)
      claim = acknowledgePart(queue, claim, digest, true).next
    }
    expect(numbers).toEqual([1, 2, 3])
    expect(findUpload(queue, id)).toMatchObject({
      state: { kind: 'uploaded', custody: 'owed' },
      bytesAcknowledged: 3_000,
    })
  })

  test('that were lost leave no trace when their result comes late', () => {
    const { queue } = testQueue()
    addClip(queue)
    const id = created(queue)
    const claim = claimPart(queue)
    if (claim === null) throw new Error('a part is there')
    expect(sweepLeases(queue, claim.lease.until - 1, random).parts).toBe(0)
    expect(sweepLeases(queue, claim.lease.until, random).parts).toBe(1)
    expect(acknowledgePart(queue, claim, digest, false).kind).toBe('stale')
    expect(recordPartFailure(queue, claim, { kind: 'fail', reason: 'readError' }, error)).toBe('stale')
    expect(findUpload(queue, id)).toMatchObject({ state: { kind: 'uploading' }, bytesAcknowledged: 0 })
  })

  test('of a part count before it is sent, and are given back uncounted', () => {
    const { queue } = testQueue()
    addClip(queue)
    created(queue, 1)
    const claim = claimPart(queue)
    if (claim === null) throw new Error('a part is there')
    expect(claim.attempts).toBe(1)
    returnPart(queue, claim)
    expect(claimPart(queue)?.attempts).toBe(1)
  })
})

test('claims of a process that is gone are taken back at the next start, with their attempts counted', () => {
  const { queue, reopen } = testQueue()
  addClip(queue)
  addClip(queue)
  created(queue)
  claimPart(queue)
  claimRegistration(queue, 10)
  const again = reopen()
  expect(rescueClaims(again, random)).toEqual({ registrations: 1, parts: 1 })
  endWaits(again)
  expect(claimPart(again)?.attempts).toBe(2)
  expect(claimRegistration(again, 10)?.upload.state).toMatchObject({ registration: { attempts: 2, uncertain: true } })
})

test('an upload whose create kills the process thirty times waits for the next boot, then has one last try, then has failed', () => {
  const { queue, clock, reopen } = testQueue()
  const { id } = addClip(queue)
  let open = queue
  for (let start = 1; start <= 30; start++) {
    clock.now += 3_600_000
    endWaits(open)
    expect(claimRegistration(open, 10), `start ${start}`).not.toBeNull()
    open = reopen('boot-1')
    rescueClaims(open, random)
  }
  expect(findUpload(open, id)?.state).toMatchObject({ kind: 'waiting', reason: 'awaitingRestart' })
  open = reopen('boot-1')
  rescueClaims(open, random)
  expect(claimRegistration(open, 10)).toBeNull()
  open = reopen('boot-2')
  rescueClaims(open, random)
  expect(claimRegistration(open, 10)).not.toBeNull()
  open = reopen('boot-2')
  rescueClaims(open, random)
  expect(findUpload(open, id)?.state).toMatchObject({ kind: 'failed', reason: 'attemptsExhausted' })
})

/** Lets each start claim a part and die of it. */
function killWhileSending({ queue, clock, reopen }: TestQueue, times: number): Queue {
  let open = queue
  for (let start = 1; start <= times; start++) {
    clock.now += 3_600_000
    endWaits(open)
    expect(claimPart(open), `start ${start}`).toMatchObject({ number: 1, attempts: start })
    open = reopen()
    rescueClaims(open, random)
  }
  return open
}

test('an upload whose only part kills the process ten times waits with its reason, then goes behind the others', () => {
  const tested = testQueue()
  addClip(tested.queue)
  const killer = created(tested.queue, 1)
  const open = killWhileSending(tested, 10)
  expect(findUpload(open, killer)).toMatchObject({
    state: { kind: 'waiting', reason: 'deprioritised', until: tested.clock.now + 150_000 },
    error: { class: 'agent', code: 'SENDER_LOST' },
  })
  addClip(open)
  const other = created(open, 1)
  tested.clock.now += 150_000
  endWaits(open)
  expect([claimPart(open)?.upload.id, claimPart(open)?.upload.id]).toEqual([other, killer])
})

test('an upload whose first part kills the process ten times goes behind the others, and its other parts go on', () => {
  const tested = testQueue()
  addClip(tested.queue)
  const killer = created(tested.queue, 2)
  const open = killWhileSending(tested, 10)
  expect(findUpload(open, killer)?.state).toMatchObject({ kind: 'uploading', asset: { deprioritised: true } })
  addClip(open)
  const other = created(open, 1)
  expect([claimPart(open), claimPart(open), claimPart(open)]).toMatchObject([
    { upload: { id: other } },
    { upload: { id: killer }, number: 2 },
    null,
  ])
})

test('an upload whose part kills the process thirty times waits for the next boot, then has one last try, then has failed', () => {
  const tested = testQueue()
  addClip(tested.queue)
  const id = created(tested.queue, 1)
  let open = killWhileSending(tested, 30)
  expect(findUpload(open, id)?.state).toMatchObject({ kind: 'waiting', reason: 'awaitingRestart' })
  open = tested.reopen('boot-1')
  rescueClaims(open, random)
  expect(claimPart(open)).toBeNull()
  open = tested.reopen('boot-2')
  rescueClaims(open, random)
  expect(claimPart(open)).toMatchObject({ upload: { id }, attempts: 31 })
  open = tested.reopen('boot-2')
  rescueClaims(open, random)
  expect(findUpload(open, id)?.state).toMatchObject({ kind: 'failed', reason: 'attemptsExhausted' })
  open = tested.reopen('boot-3')
  rescueClaims(open, random)
  expect(claimPart(open)).toBeNull()
})

test('parts that ended together with the process are taken up at once, also beside one that has used up its tries for now', () => {
  const { queue, reopen } = testQueue()
  addClip(queue)
  const id = created(queue, 2)
  expect([claimPart(queue)?.number, claimPart(queue)?.number]).toEqual([1, 2])
  queue.db.exec('UPDATE parts SET attempts = 10 WHERE number = 2')
  const open = reopen()
  expect(rescueClaims(open, random).parts).toBe(2)
  expect(findUpload(open, id)?.state).toMatchObject({ kind: 'uploading', asset: { deprioritised: true } })
  expect(claimPart(open)?.number).toBe(1)
})

test('an upload goes behind the others when one of its parts has used up a job, also while another part is on its way', () => {
  const { queue, clock } = testQueue()
  addClip(queue)
  const failing = created(queue, 2)
  const [one, two] = [claimPart(queue), claimPart(queue)]
  if (one === null || two === null) throw new Error('two parts are there')
  const later = { kind: 'tryAgain', reason: 'deprioritised', at: clock.now + 500, counted: true } as const
  recordPartFailure(queue, one, { ...later, deprioritised: true }, error)
  expect(findUpload(queue, failing)?.state.kind).toBe('uploading')
  returnPart(queue, two)
  addClip(queue)
  const other = created(queue, 1)
  expect([claimPart(queue)?.upload.id, claimPart(queue)?.upload.id]).toEqual([other, failing])
})

test('a part that is put off wakes the timekeeper, and the upload waits only when none of its parts can move', () => {
  const { queue, clock } = testQueue()
  addClip(queue)
  const id = created(queue, 2)
  const [one, two] = [claimPart(queue), claimPart(queue)]
  if (one === null || two === null) throw new Error('two parts are there')
  const later = {
    kind: 'tryAgain',
    reason: 'backoff',
    at: clock.now + 500,
    counted: true,
    deprioritised: false,
  } as const
  recordPartFailure(queue, one, later, error)
  expect(findUpload(queue, id)?.state.kind).toBe('uploading')
  expect(nextDueAt(queue)).toBe(clock.now + 500)
  recordPartFailure(queue, two, { ...later, at: clock.now + 900 }, error)
  expect(findUpload(queue, id)?.state).toMatchObject({ kind: 'waiting', reason: 'backoff', until: clock.now + 500 })
  clock.now += 500
  endWaits(queue)
  expect(claimPart(queue)?.number).toBe(1)
})
