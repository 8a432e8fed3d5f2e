import { freshSeed, seededRandom } from '@rushes/test-kit'
import { expect, test } from 'vitest'
import { cutPower } from './cut-power.ts'
import { diskAfterCut } from './disk-after-cut.ts'
import { canTrace, type DiskCall, traceWorkload } from './trace.ts'

test.skipIf(!(await canTrace()))(
  'whatever a power cut leaves of the queue, nothing that was promised before is lost (needs strace)',
  async () => {
    const calls = await traceWorkload()
    const seed = freshSeed()
    const { problems, promisesHeld } = await cutPower(calls, 60, seededRandom(seed))
    expect(problems, `seed ${seed}`).toEqual([])
    expect(promisesHeld).toBeGreaterThan(400)

    // The same with every sync taken out of the record: a queue that did not sync would be found out.
    const unsynced = calls.filter(({ kind }) => kind !== 'sync')
    expect((await cutPower(unsynced, 60, seededRandom(seed))).problems, `seed ${seed}`).not.toEqual([])
  },
  120_000,
)

test('what was synced survives every cut, what was not may be lost, kept or torn', () => {
  const data = (fill: number) => Buffer.alloc(1024, fill)
  const calls: DiskCall[] = [
    { kind: 'create', file: 'a' },
    { kind: 'syncFolder' },
    { kind: 'write', file: 'a', offsetBytes: 0, data: data(1) },
    { kind: 'sync', file: 'a' },
    { kind: 'write', file: 'a', offsetBytes: 1024, data: data(2) },
  ]
  const random = seededRandom(7)
  const seen = new Set<string>()
  for (let round = 0; round < 200; round++) {
    const content = diskAfterCut(calls, calls.length, random).get('a') ?? Buffer.alloc(0)
    expect(content.subarray(0, 1024)).toEqual(data(1))
    seen.add([1024, 1536].map((at) => content[at] ?? 'gone').join(' '))
  }
  expect(seen).toEqual(new Set(['gone gone', '2 2', '0 2', '2 0', '0 0']))
})
