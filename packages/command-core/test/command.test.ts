import { describe, expect, test } from 'vitest'
import { type CommandEvent, type CommandPhase, rollUp, transitionCommand } from '../src/index.ts'

const phases: { [Kind in CommandPhase['kind']]: Extract<CommandPhase, { kind: Kind }> } = {
  draft: { kind: 'draft' },
  active: { kind: 'active', activatedAtMs: 1 },
  done: { kind: 'done', activatedAtMs: 1, finalizedAtMs: 2 },
  cancelled: { kind: 'cancelled', activatedAtMs: 1, finalizedAtMs: 2 },
  aborted: { kind: 'aborted', activatedAtMs: 1, finalizedAtMs: 2 },
}

const never: Record<CommandEvent, '-'> = { activated: '-', calledOff: '-', settled: '-', limitPassed: '-' }

const table: Record<CommandPhase['kind'], Record<CommandEvent, CommandPhase['kind'] | '-'>> = {
  draft: { activated: 'active', calledOff: 'cancelled', settled: '-', limitPassed: '-' },
  active: { activated: '-', calledOff: 'cancelled', settled: 'done', limitPassed: 'aborted' },
  done: never,
  cancelled: never,
  aborted: never,
}

describe.each(Object.values(phases))('a command that is $kind', (state) => {
  test.each(Object.entries(table[state.kind]))('%s → %s', (event, expected) => {
    const outcome = transitionCommand(state, event as CommandEvent, { nowMs: 9 })
    expect(outcome.kind === 'moved' ? outcome.state.kind : '-').toBe(expected)
  })
})

test('a command called off before it was sent was never active', () => {
  expect(transitionCommand({ kind: 'draft' }, 'calledOff', { nowMs: 9 })).toEqual({
    kind: 'moved',
    state: { kind: 'cancelled', activatedAtMs: null, finalizedAtMs: 9 },
  })
})

describe('the roll-up', () => {
  test('is settled when none is open, however they ended', () => {
    expect(rollUp({ succeeded: 2, failed: 1, superseded: 1 })).toMatchObject({
      deviceCount: 4,
      openCount: 0,
      succeededCount: 2,
      unsuccessfulCount: 2,
      isSettled: true,
    })
  })

  test.each(['queued', 'delivered', 'acknowledged', 'running'] as const)('is not settled while one is %s', (state) => {
    expect(rollUp({ succeeded: 9, [state]: 1 })).toMatchObject({ openCount: 1, isSettled: false })
  })

  test('of nothing is not settled, and counts every state', () => {
    const { isSettled, counts } = rollUp({})
    expect(isSettled).toBe(false)
    expect(Object.values(counts)).toEqual(Array.from({ length: 11 }, () => 0))
  })
})
