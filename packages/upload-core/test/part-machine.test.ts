import { expect, test } from 'vitest'
import { type PartEvent, type PartState, transitionPart } from '../src/index.ts'

const now = 1_000
const lease = { token: 3, until: 9_000 }
const again = { kind: 'tryAgain', reason: 'backoff', at: now + 50, counted: true, deprioritised: false } as const

const states: Record<PartState['kind'], PartState> = {
  pending: { kind: 'pending', attempts: 2, notBefore: null },
  sending: { kind: 'sending', attempts: 3, lease },
  acknowledged: { kind: 'acknowledged', attempts: 3, xxh64: '0123456789abcdef' },
}
const events: Record<PartEvent['kind'], PartEvent> = {
  claimed: { kind: 'claimed', lease },
  acknowledged: { kind: 'acknowledged', token: 3, xxh64: '0123456789abcdef' },
  failed: { kind: 'failed', token: 3, consequence: again },
  returned: { kind: 'returned', token: 3 },
  lost: { kind: 'lost', consequence: again },
  triesRefreshed: { kind: 'triesRefreshed' },
  bytesChanged: { kind: 'bytesChanged' },
}

const table: Record<PartState['kind'], Record<PartEvent['kind'], PartState | '-'>> = {
  pending: {
    claimed: { kind: 'sending', attempts: 3, lease },
    acknowledged: '-',
    failed: '-',
    returned: '-',
    lost: '-',
    triesRefreshed: { kind: 'pending', attempts: 0, notBefore: null },
    bytesChanged: '-',
  },
  sending: {
    claimed: '-',
    acknowledged: { kind: 'acknowledged', attempts: 3, xxh64: '0123456789abcdef' },
    failed: { kind: 'pending', attempts: 3, notBefore: now + 50 },
    returned: { kind: 'pending', attempts: 2, notBefore: null },
    lost: { kind: 'pending', attempts: 3, notBefore: now + 50 },
    triesRefreshed: '-',
    bytesChanged: '-',
  },
  // What the destination has is never sent again, whatever happens, but where the recorder has rewritten it.
  acknowledged: {
    claimed: '-',
    acknowledged: '-',
    failed: '-',
    returned: '-',
    lost: '-',
    triesRefreshed: '-',
    bytesChanged: { kind: 'pending', attempts: 0, notBefore: null },
  },
}

const kinds = <K extends string>(of: Record<K, unknown>): K[] => Object.keys(of) as K[]

test.for(kinds(table).flatMap((state) => kinds(events).map((event) => [state, event] as const)))(
  'a part that is %s + %s',
  ([state, event]) => {
    const transition = transitionPart(states[state], events[event], { now })
    expect(transition.kind === 'moved' ? transition.state : '-').toEqual(table[state][event])
  },
)

test('a part is not claimed before its time', () => {
  const put: PartState = { kind: 'pending', attempts: 1, notBefore: now + 1 }
  expect(transitionPart(put, events.claimed, { now }).kind).toBe('ignored')
  expect(transitionPart(put, events.claimed, { now: now + 1 }).kind).toBe('moved')
})

test('the result of a claim that was lost changes nothing', () => {
  for (const event of [
    { ...events.acknowledged, token: 2 },
    { ...events.failed, token: 2 },
    { ...events.returned, token: 2 },
  ] as PartEvent[]) {
    expect(transitionPart(states.sending, event, { now })).toEqual({ kind: 'ignored', why: 'staleLease' })
  }
})

test('an attempt that does not count is taken back', () => {
  const uncounted = { ...again, counted: false, at: null }
  expect(transitionPart(states.sending, { kind: 'failed', token: 3, consequence: uncounted }, { now })).toEqual({
    kind: 'moved',
    state: { kind: 'pending', attempts: 2, notBefore: null },
  })
})
