import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { findUpload } from '../../src/queue/apply-upload-event.ts'
import { partsOf } from '../../src/queue/clip-reports.ts'
import { clearUploads, holdUploads, retryUploads } from '../../src/queue/decisions.ts'
import { loseAuthorization, readUploadLink, requireIdentity, storeTokens } from '../../src/queue/links.ts'
import { pendingReceipt, recordReceiptSent, takeIdentity } from '../../src/queue/move-project.ts'
import { openQueue } from '../../src/queue/open-queue.ts'
import { acknowledgePart, claimPart, recordPartFailure, returnPart } from '../../src/queue/part-claims.ts'
import { claimRegistration, recordCreated, recordCreateFailure } from '../../src/queue/registrations.ts'
import { takeStateLock } from '../../src/queue/state-dir.ts'
import { endWaits, nextDueAt, rescueClaims, sweepLeases } from '../../src/queue/waits.ts'
import { hashText } from '../../src/xxh64.ts'
import { addClip, identity, startOfTime, testQueue } from './test-queue.ts'

const digest = '0123456789abcdef'
const error = { class: 'agent', code: 'E', message: 'because' } as const
const random = () => 0.5

function created(queue: ReturnType<typeof testQueue>['queue'], parts = 3) {
  const claim = claimRegistration(queue, 10)
  if (claim === null) throw new Error('nothing to claim')
  const plan = Array.from({ length: parts }, (_, index) => ({
    number: index + 1,
    offset: index * 1_000,
    sizeBytes: 1_000,
    url: `http://127.0.0.1/${index}`,
  }))
  expect(
    recordCreated(queue, claim, { assetId: `asset-${claim.upload.seq}`, urlsIssuedAt: startOfTime, parts: plan }).kind,
  ).toBe('moved')
  return claim.upload.id
}

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

test('an upload that kills the process thirty times waits for the next boot, then has one last try, then has failed', () => {
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

describe('the file', () => {
  test('cannot hold a state that the machine does not have', () => {
    const { queue } = testQueue()
    addClip(queue)
    for (const change of [
      "state = 'waiting'",
      "state = 'uploading'",
      "state = 'uploaded', step = 'parts'",
      "reason = 'backoff'",
      'lease_token = 1',
      "custody = 'owed'",
      'parts_done = 1',
      'bytes_acknowledged = 3001',
      "state = 'sent'",
    ]) {
      expect(() => queue.db.exec(`UPDATE uploads SET ${change}`), change).toThrow(/constraint/i)
    }
  })

  test('is for its owner alone, with its journal, in WAL mode with full synchronisation', () => {
    const { queue, stateDir } = testQueue()
    for (const name of ['queue.db', 'queue.db-wal', 'queue.db-shm']) {
      const path = join(stateDir, name)
      expect(existsSync(path), name).toBe(true)
      expect(statSync(path).mode & 0o077, name).toBe(0)
    }
    expect(queue.db.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' })
    expect(queue.db.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 })
  })

  test('of a newer version is left alone, with an error that says so', () => {
    const { queue, stateDir } = testQueue()
    queue.close()
    const path = join(stateDir, 'queue.db')
    const db = new DatabaseSync(path)
    db.exec('PRAGMA user_version = 99')
    db.close()
    expect(() => openQueue({ stateDir, bootId: 'boot-1' })).toThrow(expect.objectContaining({ code: 'QUEUE_TOO_NEW' }))
  })

  test('rolls back everything of a transaction that throws, and tells nobody of it', () => {
    const { queue } = testQueue()
    const { id } = addClip(queue)
    let told = 0
    queue.listen(() => told++)
    expect(() =>
      queue.transact(() => {
        clearUploads(queue, 'clearedByOperator')
        throw new Error('no')
      }),
    ).toThrow('no')
    expect(findUpload(queue, id)?.state.kind).toBe('queued')
    expect(told).toBe(0)
  })
})

test('only one process at a time has the lock of a state folder, and gets it back when the other lets go', () => {
  const { stateDir } = testQueue()
  const lock = takeStateLock(stateDir)
  expect(lock).not.toBeNull()
  expect(takeStateLock(stateDir)).toBeNull()
  lock?.release()
  const again = takeStateLock(stateDir)
  expect(again).not.toBeNull()
  again?.release()
})

describe('errors', () => {
  const broken = { class: 'network', code: 'ECONNRESET', message: 'The connection broke' } as const
  const soon = { kind: 'tryAgain', reason: 'backoff', at: startOfTime, counted: true, deprioritised: false } as const

  test('are kept of a part and of its clip with class, code, message and time, and of the part when it arrives after all', () => {
    const { queue, clock } = testQueue()
    addClip(queue)
    const id = created(queue, 2)
    const failed = claimPart(queue)
    if (failed === null) throw new Error('there is a part to send')
    recordPartFailure(queue, failed, soon, broken)
    clock.now += 5_000
    expect(findUpload(queue, id)?.error).toEqual({ ...broken, at: startOfTime })
    const again = claimPart(queue)
    if (again === null) throw new Error('it can be sent again')
    acknowledgePart(queue, again, digest, false)
    expect(findUpload(queue, id)?.error).toBeNull()
    expect(partsOf(queue, id).map(({ state, error }) => ({ state, error }))).toEqual([
      { state: 'acknowledged', error: { ...broken, at: startOfTime } },
      { state: 'pending', error: null },
    ])
  })

  test('are told by what ended with the process, of a part and of a create', () => {
    const { queue, reopen } = testQueue()
    addClip(queue)
    const sent = created(queue, 1)
    claimPart(queue)
    const { id } = addClip(queue)
    claimRegistration(queue, 10)
    const again = reopen()
    rescueClaims(again, random)
    const at = startOfTime
    expect(partsOf(again, sent)[0]?.error).toMatchObject({ class: 'agent', code: 'SENDER_LOST', at })
    expect(findUpload(again, id)?.error).toMatchObject({ class: 'agent', code: 'REGISTRAR_LOST', at })
    expect(queue.db.isOpen).toBe(false)
  })

  test('keep their time while the state of their clip changes', () => {
    const { queue, clock } = testQueue()
    addClip(queue)
    const claim = claimRegistration(queue, 10)
    if (claim === null) throw new Error('there is one to register')
    recordCreateFailure(queue, claim, { consequence: soon, uncertain: false, error: broken })
    clock.now += 60_000
    endWaits(queue)
    expect(findUpload(queue, claim.upload.id)).toMatchObject({
      state: { kind: 'queued' },
      error: { ...broken, at: startOfTime },
    })
  })
})
