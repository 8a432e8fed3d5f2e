/** `npm run bench -- ingest [--only throughput|assets|lag|memory]`: how fast clips come in, beside others that take files. */
import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { mkdtemp, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Measured, sumUp } from '@rushes/test-kit'
import type { Device } from '../test/support/pair.ts'
import { residentMib } from '../test/support/resident-memory.ts'
import { type BenchedIngest, startIngest } from './support/ingest.ts'
import { ingestReceiver } from './support/ingest-receiver.ts'
import { lagOfFixed, lagOfRealtime } from './support/lag.ts'
import { peakMemoryMib } from './support/memory.ts'
import { hasNginx, startNginx, startTus } from './support/peers.ts'
import { smallAssetsPerMinute } from './support/small-assets.ts'
import { measureThroughput } from './support/throughput.ts'

const runs = 7
const mb = 1e6
/** Random, so that no file system makes less of it. */
const block = randomBytes(1024 * 1024)

type Bench = { ingest: BenchedIngest; devices: readonly Device[]; dir: string }

const measurements: Record<string, (bench: Bench) => Promise<void>> = { throughput, assets, lag, memory }

const { values } = parseArgs({ options: { only: { type: 'string' }, seconds: { type: 'string' } } })
const chosen = values.only === undefined ? Object.keys(measurements) : values.only.split(',')
const unknown = chosen.find((name) => measurements[name] === undefined)
if (unknown !== undefined) stop(`there is no ${unknown}; there is: ${Object.keys(measurements).join(', ')}`)
if (chosen.includes('throughput') && !(await hasNginx()))
  stop('nginx is what throughput is measured against, and it is missing: sudo apt-get install nginx-light')

const dir = await mkdtemp(join(tmpdir(), 'rushes-bench-'))
process.once('exit', () => rmSync(dir, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1))
const adminUrl = process.env.DATABASE_URL ?? ''
const { type } = await statfs(dir)
console.error(`in ${dir}, a file system of type 0x${type.toString(16)} (0xef53 is ext4)`)
const ingest = await startIngest({ adminUrl, dir })
const devices = await Promise.all(Array.from({ length: 8 }, () => ingest.pair()))
for (const name of chosen) await measurements[name]?.({ ingest, devices, dir })
await ingest.stop()

async function throughput({ ingest, devices, dir }: Bench): Promise<void> {
  const [device] = devices
  if (device === undefined) return
  const ours = ingestReceiver(ingest, device)
  const nginx = await startNginx(dir)
  const tus = await startTus(dir)
  for (const [count, partMb] of [
    [64, 25],
    [4, 400],
  ] as const) {
    const given = { count, lengthBytes: partMb * mb, parallel: 4, block, dir }
    const [own = [], withSync = [], without = []] = await interleaved(
      [ours, nginx, tus].map((receiver) => async () => (await measureThroughput(receiver, given)) / mb),
    )
    const common = { metric: `PUT of parts of ${partMb} MB, 4 at once, synced`, unit: 'MB/s', values: own }
    report({
      ...common,
      peer: { name: 'nginx and sync -d', values: withSync, better: 'higher' },
      goal: { text: '≥ 0.7 × nginx', isMet: ({ ratio }) => ratio >= 0.7 },
    })
    report({
      ...common,
      peer: { name: '@tus/server, not synced', values: without, better: 'higher' },
      goal: { text: '≥ 1.5 × tus', isMet: ({ ratio }) => ratio >= 1.5 },
    })
  }
  await nginx.stop()
  await tus.stop()
}

async function assets({ ingest, devices }: Bench): Promise<void> {
  const given = { devices, connectionsPerDevice: 4, assetCount: 3_000, block }
  const [perMinute = []] = await interleaved([() => smallAssetsPerMinute(ingest, given)])
  report({
    metric: 'assets of 100 KB: created, sent, available',
    unit: 'per minute',
    values: perMinute,
    goal: { text: '≥ 30,000 per minute', isMet: ({ median }) => median >= 30_000 },
  })
}

async function lag({ ingest, devices }: Bench): Promise<void> {
  const [device] = devices
  if (device === undefined) return
  const sizeBytes = 4e9
  const [fixed = [], realtime = []] = await interleaved([
    () => lagOfFixed(ingest, device, sizeBytes, block),
    () => lagOfRealtime(ingest, device, sizeBytes, block),
  ])
  const goal = { text: '≤ 200 ms', isMet: ({ median }: { median: number }) => median <= 200 }
  report({ metric: 'final part to available, 4 GB of known size', unit: 'ms', values: fixed, goal })
  report({ metric: 'final part to available, 4 GB real-time', unit: 'ms', values: realtime, goal })
}

async function memory({ ingest, devices }: Bench): Promise<void> {
  const peaks = async (lengthBytes: number) => {
    const [values = []] = await interleaved([
      () => peakMemoryMib(ingest, devices, { parallel: 200, lengthBytes, block }),
    ])
    return values
  }
  const idle = await residentMib(ingest.pid)
  const small = await peaks(4 * mb)
  const large = await peaks(16 * mb)
  console.error(`ingest occupied ${idle.toFixed(0)} MiB before`)
  const peer = { name: 'parts of a quarter of the size', values: small, better: 'lower' as const }
  report({
    metric: 'memory during 200 PUTs of 16 MB at once',
    unit: 'MiB',
    values: large,
    peer,
    goal: {
      text: 'flat: ≤ 400 MiB, and ≥ 0.85 × of parts a quarter as large',
      // The median: what a single round peaks at swings by 30 MiB with what the collector has left for later.
      isMet: ({ median, ratio }) => median <= 400 && ratio >= 0.85,
    },
  })
}

/**
 * Runs what is compared in turns, so that whatever else the machine does meets all of it; after one round that does not count.
 * Forth and back: what one leaves for the disk to do, such as discards, is not always met by the same other one.
 */
async function interleaved(measure: readonly (() => Promise<number>)[]): Promise<number[][]> {
  const values = measure.map((): number[] => [])
  const forth = [...measure.entries()]
  for (let run = 0; run <= runs; run++)
    for (const [nth, one] of run % 2 === 0 ? forth : forth.toReversed()) {
      const value = await one()
      if (run > 0) values[nth]?.push(value)
      console.error(`  ${run === 0 ? 'warm-up' : `run ${run}`}, ${nth + 1} of ${measure.length}: ${value.toFixed(1)}`)
    }
  return values
}

function report(measured: Measured): void {
  console.log(JSON.stringify(sumUp(measured)))
}

function stop(message: string): never {
  console.error(message)
  process.exit(2)
}
