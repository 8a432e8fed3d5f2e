/** `npm run bench -- agent [--only large|connections|small|queue|restart|memory|links|growing]`: how fast clips leave a device, beside others that upload files. */
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { connections, large, small } from './support/files.ts'
import { measureGrowing, measureGrowingOver, measureKeepingUp } from './support/growing.ts'
import { links as linkShapes, measureLink } from './support/links.ts'
import { measureMemory } from './support/memory.ts'
import { measureQueue } from './support/queue-claims.ts'
import { measureRestart } from './support/restart.ts'
import { type Sink, startSink } from './support/start-sink.ts'
import { tell } from './support/tell.ts'
import { runs } from './support/transfers.ts'

const measurements: Record<string, (bench: Bench) => Promise<void>> = {
  large,
  connections,
  small,
  queue,
  restart,
  memory,
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
  for (const [workers, values, most] of [
    ['one worker', many.fsyncsPerPart.atOne, 1],
    ['four workers', many.fsyncsPerPart.atFour, 0.5],
  ] as const)
    tell({
      metric: `flushes to disk for each part at ${workers}`,
      unit: 'fsyncs',
      values,
      goal: { text: `≤ ${most}`, isMet: ({ median }) => median <= most * 1.05 },
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

/** Of the agent as it is installed. A part is sent by each worker all the time, and none of them ends. */
async function memory({ dir }: Bench): Promise<void> {
  const load = { rowCount: 1_000_000, partBytes: 1_600_000_000 }
  for await (const { workers, peakMb } of measureMemory(join(dir, 'memory'), load, [4, 32], runs))
    tell({
      metric: `peak memory of the installed agent, 1,000,000 rows and ${workers} parts of 1.6 GB in flight`,
      unit: 'MB',
      values: peakMb,
      goal: { text: '≤ 150 MB', isMet: ({ max }) => max <= 150 },
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
