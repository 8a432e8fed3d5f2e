/**
 * Uploads the named files to a server with the agent's own queue and engine, and prints what that took. argv: server, state folder, list of
 * files, [how many parts at once; found by measuring when empty], [authorities]. `--before LIST`: first other files, of which nothing is told but
 * the memory, as a daemon has sent others before.
 */
import { readFileSync, statSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { pino } from 'pino'
import { addFile } from '../../src/daemon/add-file.ts'
import { createDestinationPool } from '../../src/destination-pool.ts'
import { stateTotals } from '../../src/queue/queue-reports.ts'
import { startEngine } from '../../src/upload/engine.ts'
import { pairedQueue } from './filled-queue.ts'

const { values, positionals } = parseArgs({ options: { before: { type: 'string' } }, allowPositionals: true })
const [serverUrl = '', stateDir = '', listPath = '', workers = '', caFile] = positionals
const queue = pairedQueue(stateDir, serverUrl)
const pool = createDestinationPool({
  ...{ maxPartsInFlight: 64, allowInsecure: false, caFile, proxy: { httpProxy: '', httpsProxy: '', noProxy: '' } },
})

if (values.before !== undefined) await upload(pathsOf(values.before))
const paths = pathsOf(listPath)
const taken = await upload(paths)
await pool.close()
queue.close()
console.log(
  JSON.stringify({
    ...taken,
    rssMb: process.resourceUsage().maxRSS / 1_000,
    bytes: paths.reduce((sum, path) => sum + statSync(path).size, 0),
  }),
)

/** Takes the files in, then times an engine from its start until the last of them has arrived. */
async function upload(paths: readonly string[]): Promise<{ wallMs: number; cpuMs: number }> {
  for (const path of paths) await addFile(queue, path, 0)
  const before = process.cpuUsage()
  const begunMs = performance.now()
  const done = Promise.withResolvers<void>()
  const engine = startEngine({
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
  const isDone = () => stateTotals(queue).every(({ state }) => state === 'uploaded')
  const looking = setInterval(() => isDone() && done.resolve(), 5)
  await done.promise
  clearInterval(looking)
  const wallMs = performance.now() - begunMs
  const { user, system } = process.cpuUsage(before)
  await engine.stop(1_000)
  return { wallMs, cpuMs: (user + system) / 1_000 }
}

function pathsOf(listPath: string): string[] {
  return readFileSync(listPath, 'utf8')
    .split('\n')
    .filter((path) => path !== '')
}
