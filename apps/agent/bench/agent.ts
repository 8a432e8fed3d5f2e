/** `npm run bench -- agent [--only large|connections|small|queue|restart|links|growing]`: how fast clips leave a device, beside others that upload files. */
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { type Measured, sumUp } from '@rushes/test-kit'
import { makeCertificates } from '../test/destination/certificates.ts'
import { measureGrowing, measureGrowingOver, measureKeepingUp } from './support/growing.ts'
import { links as linkShapes, measureLink } from './support/links.ts'
import { measureQueue } from './support/queue-claims.ts'
import { measureRestart } from './support/restart.ts'
import { runMeasured, runSelfMeasured, type Taken } from './support/run-measured.ts'
import { type Sink, startSink } from './support/start-sink.ts'

const runs = 5
const rcloneFlags = ['--s3-no-check-bucket', '--s3-no-head', '--no-traverse', '--no-check-dest', '-q']
const rcloneEnv = (to: Sink): Record<string, string> => ({
  RCLONE_CONFIG: '/dev/null',
  RCLONE_CONFIG_SINK_TYPE: 's3',
  RCLONE_CONFIG_SINK_PROVIDER: 'Other',
  RCLONE_CONFIG_SINK_ENDPOINT: to.url,
  RCLONE_CONFIG_SINK_ACCESS_KEY_ID: 'bench',
  RCLONE_CONFIG_SINK_SECRET_ACCESS_KEY: 'bench',
})
const measurements: Record<string, (bench: Bench) => Promise<void>> = {
  large,
  connections,
  small,
  queue,
  restart,
  links,
  growing,
}
type Bench = { sink: Sink; dir: string }

const { values } = parseArgs({ options: { only: { type: 'string' }, seconds: { type: 'string' } } })
const chosen = values.only === undefined ? Object.keys(measurements) : values.only.split(',')
const unknown = chosen.find((name) => measurements[name] === undefined)
if (unknown !== undefined) stop(`there is no ${unknown}; there is: ${Object.keys(measurements).join(', ')}`)
if (chosen.some((name) => name === 'large' || name === 'small') && !has('rclone'))
  stop('rclone is what uploads are measured against, and it is missing: sudo apt-get install rclone')

const dir = await mkdtemp(join(tmpdir(), 'rushes-agent-bench-'))
const sink = await startSink()
try {
  for (const name of chosen) await measurements[name]?.({ sink, dir })
} finally {
  sink.stop()
  await rm(dir, { recursive: true, force: true })
}

/** One file of 2 GB, in the page cache, to a server that discards it. */
async function large({ sink, dir }: Bench): Promise<void> {
  const sizeBytes = 2_000_000_000
  const { path, list } = await writeLarge(dir, sizeBytes)
  const [ours, rclone, libStorage, curl] = await interleaved([
    () => upload(sink, dir, list),
    () => runMeasured('rclone', ['copyto', path, 'sink:b/A001.mov', ...rcloneFlags], rcloneEnv(sink)),
    () => runSelfMeasured(program('lib-storage.ts'), [sink.url, list]),
    () => runMeasured('curl', ['-sf', '-T', path, `${sink.url}/b/A001.mov`]),
  ])
  const rate = ({ wallMs }: Taken) => sizeBytes / 1e6 / (wallMs / 1_000)
  for (const [name, peer, least] of [
    ['rclone', rclone, 4],
    ['@aws-sdk/lib-storage', libStorage, 4],
    ['curl -T', curl, 0.6],
  ] as const)
    tell({
      metric: 'one file of 2 GB, digested',
      unit: 'MB/s',
      values: ours.map(rate),
      peer: { name, values: peer.map(rate), better: 'higher' },
      goal: { text: `≥ ${least} × ${name}`, isMet: ({ ratio }) => ratio >= least },
    })
  const cpu = ({ cpuMs }: Taken) => cpuMs / 1_000 / (sizeBytes / 1e9)
  for (const [name, peer] of [
    ['rclone', rclone],
    ['@aws-sdk/lib-storage', libStorage],
    ['curl -T', curl],
  ] as const)
    tell({
      metric: 'one file of 2 GB, processor, with xxh64',
      unit: 's/GB',
      values: ours.map(cpu),
      peer: { name, values: peer.map(cpu), better: 'lower' },
      goal: { text: '≤ 1.3 s/GB', isMet: ({ median }) => median <= 1.3 },
    })
  tell({
    metric: 'one file of 2 GB, peak memory',
    unit: 'MB',
    values: ours.map(({ rssMb }) => rssMb),
    peer: { name: 'rclone', values: rclone.map(({ rssMb }) => rssMb), better: 'lower' },
  })
  await rm(path)
}

/** The same over TLS, and to a server that closes each connection after one request. */
async function connections({ dir }: Bench): Promise<void> {
  const sizeBytes = 2_000_000_000
  const { path, list } = await writeLarge(dir, sizeBytes)
  const { caFile } = makeCertificates(dir, ['localhost'])
  for (const [what, given] of [
    ['over TLS', { certificates: dir }],
    ['a connection for each part', { once: true }],
    ['over TLS, a connection for each part', { certificates: dir, once: true }],
  ] as const) {
    const to = await startSink(given)
    const [ours, curl] = await interleaved([
      () => upload(to, dir, list, caFile),
      () => runMeasured('curl', ['-sf', '--cacert', caFile, '-T', path, `${to.url}/b/A001.mov`]),
    ])
    to.stop()
    const rate = ({ wallMs }: Taken) => sizeBytes / 1e6 / (wallMs / 1_000)
    const cpu = ({ cpuMs }: Taken) => cpuMs / 1_000 / (sizeBytes / 1e9)
    const metric = `one file of 2 GB, ${what}`
    tell({
      ...{ metric, unit: 'MB/s', values: ours.map(rate) },
      peer: { name: 'curl -T', values: curl.map(rate), better: 'higher' },
    })
    tell({
      ...{ metric: `${metric}, processor`, unit: 's/GB', values: ours.map(cpu) },
      peer: { name: 'curl -T', values: curl.map(cpu), better: 'lower' },
    })
  }
  await rm(path)
}

/** 10,000 files of 100 KB. */
async function small({ sink, dir }: Bench): Promise<void> {
  const count = 10_000
  const folder = join(dir, 'stills')
  await mkdir(folder)
  const paths = Array.from({ length: count }, (_, index) => join(folder, `still-${index}.dng`))
  for (const path of paths) await writeFile(path, randomBytes(100_000))
  const list = await listOf(dir, paths)
  const [ours, rclone] = await interleaved([
    () => upload(sink, dir, list),
    () => runMeasured('rclone', ['copy', folder, 'sink:b', '--transfers', '32', ...rcloneFlags], rcloneEnv(sink)),
  ])
  const rate = ({ wallMs }: Taken) => count / (wallMs / 1_000)
  tell({
    metric: '10,000 files of 100 KB, created and uploaded',
    unit: 'files/s',
    values: ours.map(rate),
    peer: { name: 'rclone', values: rclone.map(rate), better: 'higher' },
    goal: { text: '≥ 2 × rclone', isMet: ({ ratio }) => ratio >= 2 },
  })
  await rm(folder, { recursive: true })
}

async function queue({ dir }: Bench): Promise<void> {
  const few = await measureQueue(join(dir, 'queue-100'), 100, runs)
  const many = await measureQueue(join(dir, 'queue-1000000'), 1_000_000, runs)
  tell({
    metric: 'claim of a part at 1,000,000 rows without its flush, p99',
    unit: 'ms',
    values: many.claimP99Ms,
    peer: { name: 'itself at 100 rows', values: few.claimP99Ms, better: 'lower' },
    goal: { text: '≤ 0.5 ms and ≤ 1.5 × at 100 rows', isMet: ({ median, ratio }) => median <= 0.5 && 1 / ratio <= 1.5 },
  })
  tell({
    metric: 'flushes to disk for each part at one worker',
    unit: 'fsyncs',
    values: many.fsyncsPerPart,
    goal: { text: '≤ 1', isMet: ({ median }) => median <= 1.05 },
  })
}

async function restart({ sink, dir }: Bench): Promise<void> {
  const found = await measureRestart(join(dir, 'restart'), sink, 1_000_000, runs)
  tell({
    metric: 'start of the daemon with 1,000,000 rows to the first byte of a part',
    unit: 'ms',
    values: found.firstByteMs,
    goal: { text: '≤ 1 s', isMet: ({ median }) => median <= 1_000 },
  })
  tell({
    metric: 'memory of the daemon with 1,000,000 rows',
    unit: 'MB',
    values: found.rssMb,
    goal: { text: '≤ 150 MB', isMet: ({ median }) => median <= 150 },
  })
  tell({
    metric: 'processor of the idle daemon',
    unit: '%',
    values: found.idleCpuPercent,
    goal: { text: '≤ 1 %', isMet: ({ median }) => median <= 1 },
  })
}

async function links({ sink, dir }: Bench): Promise<void> {
  for (const shape of linkShapes) {
    const { found, best } = await measureLink(dir, sink, shape)
    tell({
      metric: `${shape.bitsPerSecond / 1e6} Mb/s with ${shape.roundTripMs} ms, from 10 s on, number of parts at once found by measuring`,
      unit: 'MB/s',
      values: found,
      peer: { name: `itself with ${best.count}, the best fixed number`, values: best.values, better: 'higher' },
      goal: { text: '≥ 0.95 × the best fixed number', isMet: ({ ratio }) => ratio >= 0.95 },
    })
  }
}

/** Clips that go up while they are recorded, by the whole agent. Of eight of them the slowest is beyond the 95th percentile. */
async function growing({ sink, dir }: Bench): Promise<void> {
  const recording = { bytesPerSecond: 12_750_000, seconds: 6 }
  const { completeMs } = await measureGrowing(dir, sink, recording, 8)
  tell({
    metric: 'growing clip of 12.75 MB/s, head rewritten: its end to complete at the destination',
    unit: 'ms',
    values: completeMs,
    goal: { text: 'p95 ≤ 1 s', isMet: ({ max }) => max <= 1_000 },
  })
  const shape = { bitsPerSecond: 100_000_000, roundTripMs: 20, windowBytes: 524_288, lossRate: 0 }
  const { timesOwed } = await measureGrowingOver(dir, sink, shape, { ...recording, seconds: 10 }, runs)
  tell({
    metric: 'the same over 100 Mb/s, to what the line takes for the bytes still owed',
    unit: '×',
    values: timesOwed,
    goal: { text: '≤ 1.25 ×', isMet: ({ median }) => median <= 1.25 },
  })
  const { behindSeconds } = await measureKeepingUp(dir, sink, { bytesPerSecond: 280_000_000, seconds: 30 })
  tell({
    metric: 'growing clip of 280 MB/s, behind the recorder in the last 10 of 30 s',
    unit: 's of recording',
    values: behindSeconds,
    goal: { text: '≤ 3 s: one part held back, one on its way', isMet: ({ max }) => max <= 3 },
  })
}

/** A file of random bytes, in the page cache. */
async function writeLarge(dir: string, sizeBytes: number): Promise<{ path: string; list: string }> {
  const path = join(dir, 'A001.mov')
  const file = createWriteStream(path)
  const block = randomBytes(10_000_000)
  for (let written = 0; written < sizeBytes; written += block.length)
    if (!file.write(block)) await new Promise((resolve) => file.once('drain', resolve))
  file.end()
  await finished(file)
  return { path, list: await listOf(dir, [path]) }
}

async function upload(sink: Sink, dir: string, list: string, caFile?: string): Promise<Taken> {
  const stateDir = await mkdtemp(join(dir, 'state-'))
  const taken = await runSelfMeasured(program('upload-files.ts'), [
    sink.url,
    stateDir,
    list,
    ...(caFile === undefined ? [] : ['', caFile]),
  ])
  await rm(stateDir, { recursive: true })
  return taken
}

async function listOf(dir: string, paths: readonly string[]): Promise<string> {
  const list = join(dir, 'list')
  await writeFile(list, paths.join('\n'))
  return list
}

/** One of each in turn, so that whatever else the machine does falls on all alike; the first round only warms up. */
async function interleaved<const N extends readonly (() => Promise<Taken>)[]>(
  ways: N,
): Promise<{ -readonly [I in keyof N]: Taken[] }> {
  const taken = ways.map((): Taken[] => [])
  for (let round = 0; round <= runs; round++)
    for (const [index, way] of ways.entries()) {
      const one = await way()
      if (round > 0) taken[index]?.push(one)
    }
  // As many lists as ways, in their order.
  return taken as { -readonly [I in keyof N]: Taken[] }
}

function tell(measured: Measured): void {
  console.log(JSON.stringify(sumUp(measured)))
}

function program(name: string): string {
  return join(import.meta.dirname, 'support', name)
}

function has(command: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${command}`], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

function stop(message: string): never {
  console.error(message)
  process.exit(1)
}
