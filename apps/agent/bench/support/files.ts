import { randomBytes, randomUUID } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeCertificates } from '../../test/destination/certificates.ts'
import { unpackAgent } from '../../test/process/packed-agent.ts'
import { uploadAppearing } from './appearing.ts'
import { installed } from './installed.ts'
import { runMeasured, runSelfMeasured, type Taken } from './run-measured.ts'
import { type Sink, startSink } from './start-sink.ts'
import { tell } from './tell.ts'
import { interleaved, listOf, program, upload, writeLarge } from './transfers.ts'

type Bench = { sink: Sink; dir: string }

const rcloneFlags = ['--s3-no-check-bucket', '--s3-no-head', '--no-traverse', '--no-check-dest', '-q']
const rcloneEnv = (to: Sink): Record<string, string> => ({
  RCLONE_CONFIG: '/dev/null',
  RCLONE_CONFIG_SINK_TYPE: 's3',
  RCLONE_CONFIG_SINK_PROVIDER: 'Other',
  RCLONE_CONFIG_SINK_ENDPOINT: to.url,
  RCLONE_CONFIG_SINK_ACCESS_KEY_ID: 'bench',
  RCLONE_CONFIG_SINK_SECRET_ACCESS_KEY: 'bench',
})
/** One file of 2 GB, in the page cache, to a server that discards it. */
export async function large({ sink, dir }: Bench): Promise<void> {
  const uploader = await installed(program('upload-files.ts'), dir)
  const sizeBytes = 2_000_000_000
  const { path, list } = await writeLarge(dir, sizeBytes)
  const [ours, rclone, libStorage, curl] = await interleaved([
    () => upload(uploader, sink, dir, list),
    () => runMeasured('rclone', ['copyto', path, 'sink:b/A001.mov', ...rcloneFlags], rcloneEnv(sink)),
    () => runSelfMeasured(process.execPath, [program('lib-storage.ts'), sink.url, list]),
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
export async function connections({ dir }: Bench): Promise<void> {
  const uploader = await installed(program('upload-files.ts'), dir)
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
      () => upload(uploader, to, dir, list, { caFile }),
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

/**
 * 10,000 files of 100 KB: out of the queue of an agent that was started for them, and of one that has sent as many before, as a daemon has that runs
 * for months; and from when they appear in a watch folder. rclone, compiled beforehand, is no faster for what it has sent already.
 */
export async function small({ sink, dir }: Bench): Promise<void> {
  const uploader = await installed(program('upload-files.ts'), dir)
  const agent = unpackAgent(dir)
  const count = 10_000
  const stills = await writeStills(dir, 'stills', count)
  const before = await writeStills(dir, 'stills-before', count)
  // Each time to another place: what is there already it would not send.
  const rclone = (...flags: string[]) =>
    runMeasured('rclone', ['copy', stills.folder, `sink:b/${randomUUID()}`, ...flags], rcloneEnv(sink))
  const [fresh, running, appearing, asItComes, tuned] = await interleaved([
    () => upload(uploader, sink, dir, stills.list),
    () => upload(uploader, sink, dir, stills.list, { before: before.list }),
    () => uploadAppearing(agent, sink, dir, stills.folder, count * stillBytes),
    () => rclone('-q'),
    () => rclone('--transfers', '32', ...rcloneFlags),
  ])
  const rate = ({ wallMs }: Taken) => count / (wallMs / 1_000)
  for (const [ours, who] of [
    [fresh, 'an agent just started'],
    [running, 'an agent that runs'],
  ] as const) {
    const metric = `10,000 files of 100 KB, created and uploaded by ${who}`
    tell({
      ...{ metric, unit: 'files/s', values: ours.map(rate) },
      // It looks whether each file has arrived.
      peer: { name: 'rclone', values: asItComes.map(rate), better: 'higher' },
      goal: { text: '≥ 2 × rclone', isMet: ({ ratio }) => ratio >= 2 },
    })
    tell({
      ...{ metric, unit: 'files/s', values: ours.map(rate) },
      peer: { name: 'rclone with 32 transfers and no checks', values: tuned.map(rate), better: 'higher' },
    })
    tell({
      metric: `${metric}, peak memory`,
      unit: 'MB',
      values: ours.map(({ rssMb }) => rssMb),
      peer: { name: 'rclone', values: asItComes.map(({ rssMb }) => rssMb), better: 'lower' },
    })
  }
  tell({
    metric:
      '10,000 files of 100 KB, from when they appear in a watch folder, the time for which they have to rest included',
    unit: 'files/s',
    values: appearing.map(rate),
    peer: { name: 'rclone', values: asItComes.map(rate), better: 'higher' },
  })
  for (const { folder } of [stills, before]) await rm(folder, { recursive: true })
}

const stillBytes = 100_000

async function writeStills(dir: string, name: string, count: number): Promise<{ folder: string; list: string }> {
  const folder = join(dir, name)
  await mkdir(folder)
  const paths = Array.from({ length: count }, (_, index) => join(folder, `still-${index}.dng`))
  for (const path of paths) await writeFile(path, randomBytes(stillBytes))
  return { folder, list: await listOf(dir, paths, `${name}.list`) }
}
