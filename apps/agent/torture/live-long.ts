/**
 * Lets one agent live, as it is installed on a device: takes come at a camera's pace, the destination stumbles now and then, and between takes nothing happens at all.
 * Prints how memory, open files and processor time go; fails when they grow, or when a clip does not arrive. `--seconds N --seed S`; an
 * hour unless said. Memory goes up and down by some megabytes: it is said to grow where the growth in the
 * later half is sure by twice its standard error.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { medianOf, seededRandom } from '@rushes/test-kit'
import { remoteOperations } from '../src/local-api/call.ts'
import { endAll, startDevice } from '../test/process/agent-process.ts'
import { writeClip } from '../test/process/clips.ts'
import { unpackAgent } from '../test/process/packed-agent.ts'
import { faults } from '../test/simulated-destination/fault.ts'
import { growthOf } from './support/growth.ts'
import { lookAtProcess, type ProcessLook } from './support/look-at-process.ts'

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '3600' }, seed: { type: 'string', default: '1' } },
})
const random = seededRandom(Number(values.seed))
const durationMs = Number(values.seconds) * 1_000
const goals = { rssMb: 150, growthMbPerHour: 1, moreOpenFiles: 10, idleCpuPercent: 1 }
const takeMs = Math.min(60_000, durationMs / 4)
const pauseMs = Math.min(30_000, durationMs / 8)
const clipEveryMs = 1_500
const mebibyte = 1_048_576
const stumbles = [
  faults.internalError,
  faults.slowDown,
  faults.serverError,
  faults.badGateway,
  faults.resetMidBody(1_000),
  faults.loseReply,
  faults.captivePortal,
]

const problems: string[] = []
const looks: ProcessLook[] = []
const idleCpuPercents: number[] = []
const folder = await mkdtemp(join(tmpdir(), 'rushes-live-long-'))
try {
  const { executable, env } = unpackAgent(folder)
  const device = await startDevice({ chunkSizeBytes: 2 * mebibyte, program: [executable] })
  const agent = await device.start([], env)
  const remote = remoteOperations(device.stateDir)
  const begunAt = performance.now()
  let clipCount = 0

  const recordTake = async () => {
    const endsAt = performance.now() + takeMs
    for (let ofTake = 0; performance.now() < endsAt; ofTake++) {
      if (random.chance(0.1)) device.server.inject(random.pick(stumbles), { operation: ['part', 'create', 'custody'] })
      const sizeBytes = ofTake % 20 === 0 ? 24 * mebibyte : random.integer(1, 400_000)
      await writeClip(device.watchDir, `A${String(++clipCount).padStart(6, '0')}.mov`, sizeBytes, random)
      await delay(clipEveryMs)
    }
  }
  const untilHome = async () => {
    const givesUpAt = performance.now() + 120_000
    while (((await remote.status({})).counts.verified ?? 0) < clipCount) {
      if (performance.now() > givesUpAt)
        throw new Error(`not home: ${JSON.stringify((await remote.status({})).counts)} of ${clipCount}`)
      await delay(250)
    }
  }
  /** The card is formatted; what the agent does about that is over before it is looked at. */
  const emptyCard = async () => {
    for (const name of await readdir(device.watchDir)) await rm(join(device.watchDir, name))
    await delay(Math.min(5_000, pauseMs))
  }

  do {
    await recordTake()
    await untilHome()
    await emptyCard()
    const before = await lookAtProcess(agent.pid)
    await delay(pauseMs)
    const after = await lookAtProcess(agent.pid)
    looks.push({ ...after, rssMb: Math.min(before.rssMb, after.rssMb) })
    idleCpuPercents.push(((after.cpuMs - before.cpuMs) / (after.atMs - before.atMs)) * 100)
    const minutes = ((after.atMs - begunAt) / 60_000).toFixed(1)
    console.log(`${minutes} min: ${clipCount} clips, ${after.rssMb.toFixed(1)} MB, ${after.openFileCount} files open`)
  } while (performance.now() - begunAt < durationMs)

  problems.push(...device.server.violations)
  if ((await agent.terminate()) !== 0) problems.push('the agent did not end cleanly')
} catch (error) {
  problems.push(error instanceof Error ? error.message : String(error))
} finally {
  await endAll()
  await rm(folder, { recursive: true })
}

// What a process takes in the first half of its life is not yet its size.
const settled = looks.slice(Math.floor(looks.length / 2))
const [first, last] = [settled[0], settled.at(-1)]
if (first !== undefined && last !== undefined) {
  const growth = growthOf(settled.map(({ atMs, rssMb }) => ({ atMs, value: rssMb })))
  const idleCpuPercent = medianOf(idleCpuPercents)
  console.log(
    JSON.stringify({
      rssMb: [first.rssMb, last.rssMb],
      growthMbPerHour: [growth.perHour, growth.standardError],
      idleCpuPercent,
      openFiles: [first.openFileCount, last.openFileCount],
    }),
  )
  if (Math.max(...looks.map(({ rssMb }) => rssMb)) > goals.rssMb) problems.push('too much memory')
  if (growth.perHour - 2 * growth.standardError > goals.growthMbPerHour) problems.push('memory grows')
  if (last.openFileCount > first.openFileCount + goals.moreOpenFiles) problems.push('open files grow')
  if (idleCpuPercent > goals.idleCpuPercent) problems.push('an idle agent is not idle')
}
console.log(problems.length === 0 ? 'lived, and stayed as it was' : problems.join('\n'))
process.exitCode = problems.length === 0 ? 0 : 1
