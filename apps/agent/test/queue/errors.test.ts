import { describe, expect, test } from 'vitest'
import { findUpload } from '../../src/queue/apply-upload-event.ts'
import { partsOf } from '../../src/queue/clip-reports.ts'
import { acknowledgePart, claimPart, recordPartFailure } from '../../src/queue/part-claims.ts'
import { claimRegistration, recordCreateFailure } from '../../src/queue/registrations.ts'
import { endWaits, rescueClaims } from '../../src/queue/waits.ts'
import { created } from './created-clip.ts'
import { addClip, startOfTime, testQueue } from './test-queue.ts'

const digest = '0123456789abcdef'
const random = () => 0.5

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
