/**
 * Records what a queue writes and syncs, then cuts the power at random points of that record and opens what a disk may have left, over and
 * over: nothing that was promised before a cut may be lost after it. `--seconds N --seed S`; at least 1,000 cuts.
 */
import { parseArgs } from 'node:util'
import { seededRandom } from '@rushes/test-kit'
import { cutPower } from '../test/power-cut/cut-power.ts'
import { traceWorkload } from '../test/power-cut/trace.ts'

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' } },
})
const random = seededRandom(Number(values.seed))
const endsAt = performance.now() + Number(values.seconds) * 1_000
const calls = await traceWorkload()

let cuts = 0
let promisesHeld = 0
let problems: string[] = []
while (problems.length === 0 && (cuts < 1_000 || performance.now() < endsAt)) {
  const round = await cutPower(calls, 100, random.fork())
  cuts += round.cuts
  promisesHeld += round.promisesHeld
  problems = round.problems
}
console.log(problems.length === 0 ? `${cuts} power cuts: ${promisesHeld} promises kept` : problems.join('\n'))
process.exitCode = problems.length === 0 ? 0 : 1
