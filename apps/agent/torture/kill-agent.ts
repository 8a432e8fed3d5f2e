/**
 * Kills the agent at random moments while it uploads, in turns files at rest and one that grows, over and over, and checks after each
 * round that every clip arrived once and byte for byte, and that no part whose acknowledgement was on disk was sent again. `--seconds N --seed S`; at least 200
 * kills, or `--kills N` where it is run by itself.
 */
import { parseArgs } from 'node:util'
import { seededRandom } from '@rushes/test-kit'
import { endAll } from '../test/process/agent-process.ts'
import { killWhileItGrows } from '../test/process/growing-kill-rounds.ts'
import { killAtRandom } from '../test/process/kill-rounds.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    kills: { type: 'string', default: '200' },
  },
})
const random = seededRandom(Number(values.seed))
const endsAt = performance.now() + Number(values.seconds) * 1_000

const begunMs = performance.now()
const leastKills = Number(values.kills)
let kills = 0
let problems: string[] = []
while (problems.length === 0 && (kills < leastKills || performance.now() < endsAt)) {
  try {
    const round = await killAtRandom(random.fork(), { killCount: 25, deadlineMs: 120_000 })
    kills += round.kills
    problems = round.problems
    await endAll()
    if (problems.length > 0) break
    const growing = await killWhileItGrows(random.fork(), 10)
    kills += growing.kills
    problems = growing.problems
    const tookSeconds = Math.round((performance.now() - begunMs) / 1_000)
    console.log(`${kills} of at least ${leastKills} kills in ${tookSeconds} s`)
  } finally {
    await endAll()
  }
}
console.log(problems.length === 0 ? `${kills} kills: nothing lost, nothing sent twice` : problems.join('\n'))
process.exitCode = problems.length === 0 ? 0 : 1
