import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { takeInFiles } from '../../src/daemon/take-in-files.ts'
import { uploadsInOrder } from '../../src/queue/queue-reports.ts'
import { pairWith, startOfTime, type TestQueue, testQueue } from '../queue/test-queue.ts'
import { growing, type Look, minute, settled } from './taken-in-file.ts'

describe('a clip from about the time of the pairing', () => {
  const year = 365 * 24 * 60 * minute
  const pairedAt = startOfTime

  function shownAt(tested: TestQueue, clip: Partial<Look>, firstGrowthSeenAt: number | null = null) {
    takeInFiles(tested.queue, pino({ level: 'silent' })).onSettled({
      ...settled(clip),
      firstGrowthSeenAt,
      isByOwnClock: firstGrowthSeenAt !== null,
    })
    return uploadsInOrder(tested.queue, 0, 10)[0]?.state
  }
  const held = { kind: 'held', reason: 'capturedBeforePairing' }
  const setClock = ({ clock }: TestQueue, byMs: number) => {
    clock.now += byMs
    clock.bootedAt += byMs
  }

  test('that was seen to begin after it goes, though its card keeps times in steps of two seconds', () => {
    const tested = testQueue()
    tested.clock.now += 5_000
    expect(shownAt(tested, { capturedAt: pairedAt - 1_999 }, pairedAt)).toMatchObject({ kind: 'queued' })
  })

  test('of which only such a time is known is held', () => {
    const tested = testQueue()
    tested.clock.now += 5_000
    expect(shownAt(tested, { capturedAt: pairedAt - 1_999 })).toMatchObject(held)
  })

  test.for([year, -50 * year])(
    'is told by the clock that nobody sets when the wall clock is set by %i ms after it',
    (byMs) => {
      const tested = testQueue()
      tested.clock.now += minute
      setClock(tested, byMs)
      tested.clock.now += minute
      const seenAt = tested.clock.now - 1_000
      expect(shownAt(tested, { capturedAt: seenAt }, seenAt)).toMatchObject({ kind: 'queued' })
    },
  )

  test('that lies on a card from before it is held, when the device was paired at a clock of 1970 that was set since', () => {
    const tested = testQueue()
    changeStoredPairing(tested, -startOfTime)
    tested.clock.now += 10 * minute
    expect(shownAt(tested, { capturedAt: pairedAt - year })).toMatchObject(held)
  })

  test('that lies on a card and was captured after it goes, when the device was paired at a clock of 1970 that was set since', () => {
    const tested = testQueue()
    changeStoredPairing(tested, -startOfTime)
    tested.clock.now += 10 * minute
    expect(shownAt(tested, { capturedAt: pairedAt + minute })).toMatchObject({ kind: 'queued' })
  })

  test('that grew before it is held, when it rests after it and the clock was set in between', () => {
    const tested = testQueue({ projectId: null })
    const listener = takeInFiles(tested.queue, pino({ level: 'silent' }))
    for (const sizeBytes of [1_000, 1_500]) listener.onGrowing(growing(sizeBytes))
    tested.clock.now += minute
    pairWith(tested.queue, 'project-a')
    setClock(tested, year)
    tested.clock.now += minute
    listener.onSettled(settled({ capturedAt: tested.clock.now }))
    expect(uploadsInOrder(tested.queue, 0, 10)[0]?.state).toMatchObject(held)
  })

  /** As if the wall clock had been off by so much when the device was paired. */
  const changeStoredPairing = ({ queue }: TestQueue, byMs: number) =>
    queue.db.exec(`UPDATE upload_link SET paired_at = paired_at + ${byMs}, project_since = project_since + ${byMs}`)
})
