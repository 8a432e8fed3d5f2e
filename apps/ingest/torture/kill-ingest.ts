/**
 * Kills ingest at random moments while parts come in, over and over, and checks that every acknowledged part is there, that no
 * partial clip is ever to be seen, and that what a kill left is mended within five seconds. `--seconds N --seed S`; at least 100
 * kills, and as many more as there is time for.
 */
import { seededRandom } from '@rushes/test-kit'
import { killRounds } from '../test/support/kill-rounds.ts'
import { pairDevice } from '../test/support/pair.ts'
import { prepareProcessIngest } from '../test/support/process-ingest.ts'
import { readTortureRun } from '../test/support/torture-run.ts'

const minKillCount = 100
const killsPerInstallation = 20
const maxRecoveryMs = 5_000

const run = readTortureRun()
const random = seededRandom(run.seed)
const beganMs = performance.now()

let killCount = 0
let acknowledgedCount = 0
const answeredMs: number[] = []
const mendedMs: number[] = []
const ownMs: number[] = []
const problems: string[] = []
while (problems.length === 0 && run.goesOn(killCount >= minKillCount)) {
  // Anew from time to time, so that the disk does not fill.
  const ingest = await prepareProcessIngest({ servers: run.servers })
  try {
    await ingest.start()
    const device = await pairDevice(ingest)
    const rounds = await killRounds({
      ingest,
      device,
      random: random.fork(),
      killCount: killsPerInstallation,
      signal: run.signal,
      onRound: (soFar) => console.log(progress(killCount + soFar.killCount, soFar.mendedMs.at(-1) ?? 0)),
    })
    killCount += rounds.killCount
    acknowledgedCount += rounds.acknowledgedCount
    answeredMs.push(...rounds.answeredMs)
    mendedMs.push(...rounds.mendedMs)
    ownMs.push(...rounds.ownMs)
    problems.push(...rounds.problems)
  } catch (error) {
    problems.push(`${error instanceof Error ? error.message : String(error)}\n${ingest.output().slice(-20_000)}`)
  } finally {
    await ingest.dispose()
  }
}
if (acknowledgedCount < killCount) problems.push('hardly a part was acknowledged before the kills: they prove nothing')
if (run.signal.aborted) problems.push('it was interrupted')
// The median, and without the time that it waited for a processor: what else the machine does can make any one of them slow.
if (at(ownMs, 0.5) > maxRecoveryMs) problems.push(`recoveries take longer than ${maxRecoveryMs} ms`)
console.log(
  `${killCount} kills, ${acknowledgedCount} acknowledged parts${problems.length === 0 ? ', none lost' : ''}; after a kill ingest answers in ${inWords(answeredMs)} and has mended everything in ${inWords(mendedMs)}, or in ${inWords(ownMs)} without waiting for a processor; all of it took ${seconds(performance.now() - beganMs)}`,
)
if (problems.length > 0) console.log(problems.join('\n'))
process.exitCode = problems.length > 0 ? 1 : 0

function progress(count: number, lastMs: number): string {
  return `${count} kills in ${seconds(performance.now() - beganMs)}, the last one mended after ${Math.round(lastMs)} ms`
}

function seconds(timeMs: number): string {
  return `${Math.round(timeMs / 1_000)} s`
}

function inWords(timesMs: number[]): string {
  return `${at(timesMs, 0.5)} ms (median; ${at(timesMs, 0)} to ${at(timesMs, 1)} ms)`
}

function at(timesMs: number[], share: number): number {
  const sorted = timesMs.toSorted((a, b) => a - b)
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0)
}
