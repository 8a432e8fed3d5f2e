/**
 * Uploads the named files to a server with the agent's own queue and engine, and prints what that took. argv: server, state folder, list of
 * files, [how many parts at once; found by measuring when empty], [authorities]. `--before LIST`: by an engine that has sent other files first, as
 * a daemon has; of those nothing is told but the memory.
 */
import { readFileSync, statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { pino } from 'pino'
import { addFile } from '../../src/daemon/add-file.ts'
import { createDestinationPool } from '../../src/destination-pool.ts'
import { endHold, holdUploads } from '../../src/queue/decisions.ts'
import { stateTotals } from '../../src/queue/queue-reports.ts'
import { startEngine } from '../../src/upload/engine.ts'
import { pairedQueue } from './filled-queue.ts'

const { values, positionals } = parseArgs({ options: { before: { type: 'string' } }, allowPositionals: true })
const [serverUrl = '', stateDir = '', listPath = '', workers = '', caFile] = positionals
const queue = pairedQueue(stateDir, serverUrl)
const pool = createDestinationPool({
  ...{ maxPartsInFlight: 64, allowInsecure: false, caFile, proxy: { httpProxy: '', httpsProxy: '', noProxy: '' } },
})

const paths = pathsOf(listPath)
const taken = values.before === undefined ? await uploadByFresh() : await uploadByRunning(pathsOf(values.before))
await pool.close()
queue.close()
console.log(
  JSON.stringify({
    ...taken,
    rssMb: process.resourceUsage().maxRSS / 1_000,
    bytes: paths.reduce((sum, path) => sum + statSync(path).size, 0),
  }),
)

type Timed = { wallMs: number; cpuMs: number }

/** Takes the files in, then times an engine from its start until the last of them has arrived. */
async function uploadByFresh(): Promise<Timed> {
  await takeIn(paths)
  const watch = startWatch()
  const engine = start()
  await allSent()
  const timed = watch()
  await engine.stop(1_000)
  return timed
}

/** Times an engine that has sent others, from when a person ends the hold under which the files were taken in. */
async function uploadByRunning(before: readonly string[]): Promise<Timed> {
  await takeIn(before)
  const engine = start()
  await allSent()
  holdUploads(queue, 'operator')
  await takeIn(paths)
  const watch = startWatch()
  endHold(queue, 'operator')
  await allSent()
  const timed = watch()
  await engine.stop(1_000)
  return timed
}

async function takeIn(paths: readonly string[]): Promise<void> {
  for (const path of paths) await addFile(queue, path, 0)
}

function start() {
  return startEngine({
    queue,
    ...{
      destinationOf: pool.of,
      workers: workers === '' ? null : Number(workers),
      startAt: 4,
      stallMs: 30_000,
      random: Math.random,
    },
    rescan: async () => undefined,
    log: pino({ level: 'error' }, pino.destination(2)),
  })
}

async function allSent(): Promise<void> {
  while (stateTotals(queue).some(({ state }) => state !== 'uploaded')) await sleep(5)
}

function startWatch(): () => Timed {
  const before = process.cpuUsage()
  const begunMs = performance.now()
  return () => {
    const { user, system } = process.cpuUsage(before)
    return { wallMs: performance.now() - begunMs, cpuMs: (user + system) / 1_000 }
  }
}

function pathsOf(listPath: string): string[] {
  return readFileSync(listPath, 'utf8')
    .split('\n')
    .filter((path) => path !== '')
}
