/**
 * Uploads the named files to a server with the agent's own queue and engine, and prints what that took. argv: server, state folder, list of
 * files, [how many parts at once; found by measuring when empty], [authorities].
 */
import { readFileSync, statSync } from 'node:fs'
import { pino } from 'pino'
import { addFile } from '../../src/daemon/add-file.ts'
import { createDestinationPool } from '../../src/destination-pool.ts'
import { stateTotals } from '../../src/queue/queue-reports.ts'
import { startEngine } from '../../src/upload/engine.ts'
import { pairedQueue } from './filled-queue.ts'

const [serverUrl = '', stateDir = '', listPath = '', workers = '', caFile] = process.argv.slice(2)
const paths = readFileSync(listPath, 'utf8')
  .split('\n')
  .filter((path) => path !== '')
const queue = pairedQueue(stateDir, serverUrl)
for (const path of paths) await addFile(queue, path, 0)
const bytes = paths.reduce((sum, path) => sum + statSync(path).size, 0)
const pool = createDestinationPool({
  ...{ maxPartsInFlight: 64, allowInsecure: false, caFile, proxy: { httpProxy: '', httpsProxy: '', noProxy: '' } },
})

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
await pool.close()
queue.close()
console.log(
  JSON.stringify({ wallMs, cpuMs: (user + system) / 1_000, rssMb: process.resourceUsage().maxRSS / 1_000, bytes }),
)
