/**
 * Kills ingest at random moments while parts come in, over and over, and checks that every acknowledged part is there, that no
 * partial clip is ever to be seen, and that what a kill left is mended within five seconds. `--seconds N --seed S`; at least 100
 * kills, and as many more as there is time for.
 */
import { parseArgs } from 'node:util'
import { seededRandom } from '@rushes/test-kit'
import { killRounds } from '../test/support/kill-rounds.ts'
import { pairDevice } from '../test/support/pair.ts'
import { prepareProcessIngest } from '../test/support/process-ingest.ts'

const minKillCount = 100
const maxRecoveryMs = 5_000

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' } },
})
const adminUrl = process.env.DATABASE_URL
if (adminUrl === undefined) {
  console.error('DATABASE_URL names a server on which this may create databases; npm run torture brings one')
  process.exit(2)
}
const random = seededRandom(Number(values.seed))
const endsAt = performance.now() + Number(values.seconds) * 1_000

let killCount = 0
let acknowledgedCount = 0
const answeredMs: number[] = []
const mendedMs: number[] = []
const problems: string[] = []
while (problems.length === 0 && (killCount < minKillCount || performance.now() < endsAt)) {
  // Anew from time to time, so that the disk does not fill.
  const ingest = await prepareProcessIngest({ adminUrl })
  try {
    await ingest.start()
    const device = await pairDevice(ingest)
    const rounds = await killRounds({ ingest, device, random: random.fork(), killCount: 20 })
    killCount += rounds.killCount
    acknowledgedCount += rounds.acknowledgedCount
    answeredMs.push(...rounds.answeredMs)
    mendedMs.push(...rounds.mendedMs)
    problems.push(...rounds.problems)
    console.log(`${killCount} kills so far`)
  } finally {
    await ingest.dispose()
  }
}
// The median: what else the machine does at the time can make any one of them slow.
if (at(mendedMs, 0.5) > maxRecoveryMs) problems.push(`recoveries take longer than ${maxRecoveryMs} ms`)
console.log(
  `${killCount} kills, ${acknowledgedCount} acknowledged parts${problems.length === 0 ? ', none lost' : ''}; after a kill ingest answers in ${inWords(answeredMs)} and has mended everything in ${inWords(mendedMs)}`,
)
if (problems.length > 0) console.log(problems.join('\n'))
process.exitCode = problems.length > 0 ? 1 : 0

function inWords(timesMs: number[]): string {
  return `${at(timesMs, 0.5)} ms (median; ${at(timesMs, 0)} to ${at(timesMs, 1)} ms)`
}

function at(timesMs: number[], share: number): number {
  const sorted = timesMs.toSorted((a, b) => a - b)
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0)
}
