import { retryLimits } from '@rushes/upload-core'
import { expect, onTestFinished, test } from 'vitest'
import { findUpload } from '../../src/queue/apply-upload-event.ts'
import type { QueueNews } from '../../src/queue/open-queue.ts'
import { acknowledgePart, claimPart, recordPartFailure } from '../../src/queue/part-claims.ts'
import { claimRegistration, recordCreated, recordCreateFailure } from '../../src/queue/registrations.ts'
import { createDoorbell } from '../../src/upload/doorbell.ts'
import { keepTime } from '../../src/upload/keep-time.ts'
import { addClip, startOfTime, testQueue } from '../queue/test-queue.ts'

const error = { class: 'network', code: 'E', message: 'because' } as const
const inAMinute = { reason: 'backoff', at: startOfTime + 60_000, counted: true, deprioritised: false } as const

/** The keeper of time of a queue whose clock is set by hand; ends with the test. */
function keeping({ queue, clock }: ReturnType<typeof testQueue>) {
  const stop = new AbortController()
  const bell = createDoorbell()
  const news: QueueNews['kind'][] = []
  let waits = 0
  const waiting = new Set<() => void>()
  queue.listen(({ kind }) => news.push(kind))
  const { wait } = bell
  bell.wait = (...given) => {
    waits++
    for (const go of waiting) go()
    return wait(...given)
  }
  const running = keepTime(queue, bell, () => 0.5, retryLimits, stop.signal)
  onTestFinished(async () => {
    stop.abort()
    await running
  })
  return {
    news,
    /** Sets the clock, wakes whoever waits for time to pass, as the end of a shorter wait would, and lets them do what is due. */
    async pass(ms: number) {
      clock.now += ms
      const before = waits
      const done = new Promise<void>((resolve) => waiting.add(() => waits > before && resolve()))
      bell.ring()
      await done
    },
  }
}

function registered(tested: ReturnType<typeof testQueue>, partCount: number) {
  const { id } = addClip(tested.queue)
  const claim = claimRegistration(tested.queue, 1)
  if (claim === null) throw new Error('there is one to register')
  const parts = Array.from({ length: partCount }, (_, index) => ({
    ...{ number: index + 1, offset: (index * 3_000) / partCount, sizeBytes: 3_000 / partCount, url: 'http://x/' },
  }))
  recordCreated(tested.queue, claim, { assetId: 'asset-1', urlsIssuedAt: startOfTime, parts })
  return id
}

test('a clip that waits for its time goes on when it has come, and whoever works is told', async () => {
  const tested = testQueue()
  const { id } = addClip(tested.queue)
  const claim = claimRegistration(tested.queue, 1)
  if (claim === null) throw new Error('there is one to register')
  recordCreateFailure(tested.queue, claim, { consequence: { kind: 'tryAgain', ...inAMinute }, uncertain: false, error })
  const keeper = keeping(tested)
  await keeper.pass(59_999)
  expect(findUpload(tested.queue, id)?.state.kind).toBe('waiting')
  expect(keeper.news).not.toContain('work')
  await keeper.pass(1)
  expect(findUpload(tested.queue, id)?.state.kind).toBe('queued')
  expect(keeper.news).toContain('work')
})

test.for([60_000, 23 * 3_600_000])(
  'a clip that waits while the clock is set back by %i ms waits as long as it would have',
  async (byMs) => {
    const tested = testQueue()
    const { id } = addClip(tested.queue)
    const claim = claimRegistration(tested.queue, 1)
    if (claim === null) throw new Error('there is one to register')
    const consequence = { kind: 'tryAgain', ...inAMinute } as const
    recordCreateFailure(tested.queue, claim, { consequence, uncertain: false, error })
    const keeper = keeping(tested)
    tested.clock.bootedAt -= byMs
    await keeper.pass(-byMs)
    await keeper.pass(59_999)
    expect(findUpload(tested.queue, id)?.state.kind).toBe('waiting')
    await keeper.pass(1)
    expect(findUpload(tested.queue, id)?.state.kind).toBe('queued')
  },
)

test('a process that stood still between looks at two clocks takes neither for set, and a clip waits as long as it would have', async () => {
  const tested = testQueue()
  const { queue, clock } = tested
  const { id } = addClip(queue)
  const claim = claimRegistration(queue, 1)
  if (claim === null) throw new Error('there is one to register')
  recordCreateFailure(queue, claim, { consequence: { kind: 'tryAgain', ...inAMinute }, uncertain: false, error })
  const keeper = keeping(tested)
  const { now } = queue
  queue.now = () => {
    const shown = now()
    clock.now += 5_000
    queue.now = now
    return shown
  }
  await keeper.pass(0)
  await keeper.pass(54_999)
  expect(findUpload(queue, id)?.state.kind).toBe('waiting')
  await keeper.pass(1)
  expect(findUpload(queue, id)?.state.kind).toBe('queued')
})

test('a part that backed off beside others wakes the senders when it is due, though its clip never waited', async () => {
  const tested = testQueue()
  registered(tested, 2)
  const part = claimPart(tested.queue)
  if (part === null) throw new Error('there is a part to send')
  recordPartFailure(tested.queue, part, { kind: 'tryAgain', ...inAMinute }, error)
  const other = claimPart(tested.queue)
  if (other === null) throw new Error('the other part can go meanwhile')
  acknowledgePart(tested.queue, other, '0123456789abcdef', false)
  const keeper = keeping(tested)
  expect(claimPart(tested.queue)).toBeNull()
  expect(keeper.news).toEqual([])
  await keeper.pass(60_000)
  expect(keeper.news).toContain('work')
  expect(claimPart(tested.queue)?.number).toBe(part.number)
})

test('nobody is woken while nothing is due', async () => {
  const tested = testQueue()
  registered(tested, 1)
  const keeper = keeping(tested)
  await keeper.pass(3_600_000)
  expect(keeper.news).toEqual([])
})
