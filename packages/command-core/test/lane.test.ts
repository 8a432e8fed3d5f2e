import { expect, test } from 'vitest'
import { deliverable, type LanedExecution } from '../src/index.ts'
import { executionIn, phases } from './execution-fixtures.ts'

const laned = (laneSeq: number, lane: LanedExecution['lane'], kind: keyof typeof phases): LanedExecution => ({
  ...executionIn(phases[kind]),
  id: `${laneSeq}`,
  lane,
  laneSeq,
})
const ids = (executions: LanedExecution[]) => deliverable(executions).map((execution) => execution.id)

test('of the destructive ones the first open one alone is given; ordinary ones overtake', () => {
  const executions = [
    laned(4, 'destructive', 'queued'),
    laned(3, 'ordinary', 'queued'),
    laned(2, 'destructive', 'running'),
    laned(1, 'destructive', 'succeeded'),
  ]
  expect(ids(executions)).toEqual(['2', '3'])
})

test.each(['succeeded', 'failed', 'rejected', 'timedOut', 'expired', 'cancelled', 'superseded'] as const)(
  'the lane goes on when its head has ended: %s',
  (kind) => {
    expect(ids([laned(1, 'destructive', kind), laned(2, 'destructive', 'queued')])).toEqual(['2'])
  },
)
