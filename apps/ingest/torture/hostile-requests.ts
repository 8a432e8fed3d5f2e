/**
 * Sends hostile requests to every route of ingest and checks that each is answered with a documented status and shape, that nothing
 * of the inside shows, that memory stays bounded, and that an honest device is served all the while. `--seconds N --seed S`; at
 * least 100,000 requests, and as many more as there is time for.
 */
import { readFile } from 'node:fs/promises'
import { attack } from '../test/fuzz/campaign.ts'
import { createFixed, putPart, someBytes, statusOf } from '../test/support/clips.ts'
import { type Device, pairDevice } from '../test/support/pair.ts'
import { prepareProcessIngest } from '../test/support/process-ingest.ts'
import { readTortureRun } from '../test/support/torture-run.ts'
import { until } from '../test/support/until.ts'

const minRequestCount = 100_000
const requestsPerRound = 10_000
const maxMemoryMiB = 600
/** Generous: it tells who is starved from who is slow on a busy machine. */
const patienceMs = 120_000

const run = readTortureRun()
const problems: string[] = []
const statuses: Record<string, number> = {}
let requestCount = 0
let peakMiB = 0
const ingest = await prepareProcessIngest({ servers: run.servers, env: { RUSHES_TRUSTED_PROXIES: '127.0.0.1' } })
try {
  await ingest.start()
  const honest = await pairDevice(ingest)
  for (let round = 0; problems.length === 0 && run.goesOn(requestCount >= minRequestCount); round++) {
    const devices = await Promise.all(Array.from({ length: 12 }, () => pairDevice(ingest)))
    const seed = run.seed + round * 1_000_000
    const campaign = { url: ingest.url, devices, seed, requestCount: requestsPerRound, concurrency: 24 }
    const [result] = await Promise.all([attack(campaign), workHonestly(honest, round)])
    requestCount += result.requestCount
    for (const [status, count] of Object.entries(result.statuses)) statuses[status] = (statuses[status] ?? 0) + count
    if (result.problem !== null) problems.push(`seed ${seed}: ${JSON.stringify(result.problem, null, 2)}`)
    peakMiB = Math.max(peakMiB, await memoryMiB(ingest.pid()))
    if (peakMiB > maxMemoryMiB) problems.push(`seed ${seed}: ingest takes ${peakMiB} MiB`)
    const failure = /^.*(a request failed|could not be taken in).*$/m.exec(ingest.output())
    if (failure !== null) problems.push(`seed ${seed}: ${failure[0]}`)
    console.log(`${requestCount} requests, ${peakMiB} MiB`)
  }
} catch (error) {
  problems.push(`${error instanceof Error ? error.message : String(error)}\n${ingest.output().slice(-5_000)}`)
} finally {
  await ingest.dispose()
}
if (run.signal.aborted) problems.push('it was interrupted')
console.log(`${requestCount} requests, at most ${peakMiB} MiB; answered: ${JSON.stringify(statuses)}`)
if (problems.length > 0) console.log(problems.join('\n'))
process.exitCode = problems.length > 0 ? 1 : 0

/** A device that does nothing wrong gets its clips through meanwhile. */
async function workHonestly(device: Device, round: number): Promise<void> {
  for (let nth = 0; nth < 10; nth++) {
    const bytes = someBytes(200_000, round * 10 + nth)
    const { id, urls } = await createFixed(device, bytes, { name: `honest-${round}-${nth}.mp4` })
    const put = await putPart(urls[0] ?? '', bytes)
    if (put.status !== 200) throw new Error(`an honest part was answered ${put.status}: ${put.text}`)
    await until(
      'an honest clip is available',
      async () => (await statusOf(device, id)).status === 'available',
      patienceMs,
    )
  }
}

async function memoryMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Math.round(Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1_024)
}
