import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SeededRandom } from '@rushes/test-kit'
import { diskAfterCut } from './disk-after-cut.ts'
import { brokenPromises, type PromiseMade } from './promises.ts'
import type { DiskCall } from './trace.ts'

export type PowerCuts = { cuts: number; promisesHeld: number; problems: string[] }

const promisesFile = 'promises'

/** Cuts the power at random points of a recorded workload, and holds what is left against what was promised before each cut. */
export async function cutPower(calls: readonly DiskCall[], count: number, random: SeededRandom): Promise<PowerCuts> {
  const disk = calls.filter((call) => !('file' in call) || call.file !== promisesFile)
  const made = promisesByCall(calls)
  const tally: PowerCuts = { cuts: 0, promisesHeld: 0, problems: [] }
  for (; tally.cuts < count && tally.problems.length === 0; tally.cuts++) {
    const cut = random.integer(0, disk.length)
    const promises = made.flatMap((one) => (one.after <= cut ? [one.promise] : []))
    const stateDir = await mkdtemp(join(tmpdir(), 'rushes-cut-'))
    try {
      for (const [name, content] of diskAfterCut(disk, cut, random)) await writeFile(join(stateDir, name), content)
      tally.problems.push(...brokenPromises(stateDir, promises).map((problem) => `cut after ${cut} calls: ${problem}`))
      tally.promisesHeld += promises.length
    } catch (error) {
      tally.problems.push(`cut after ${cut} calls: ${error instanceof Error ? error.message : error}`)
    } finally {
      await rm(stateDir, { recursive: true, force: true })
    }
  }
  return tally
}

/** Each promise with the number of disk calls that came before it. */
function promisesByCall(calls: readonly DiskCall[]): { after: number; promise: PromiseMade }[] {
  let after = 0
  return calls.flatMap((call) => {
    if ('file' in call && call.file === promisesFile)
      return call.kind === 'write' ? [{ after, promise: JSON.parse(call.data.toString()) as PromiseMade }] : []
    after += 1
    return []
  })
}
