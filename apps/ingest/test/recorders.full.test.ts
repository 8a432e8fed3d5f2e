import { execFile, spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type HttpFaultProxy, startHttpFaultProxy } from '@rushes/test-kit'
import { expect, onTestFinished, test } from 'vitest'
import { startAgent } from './support/start-agent.ts'
import { startTestIngest, type TestIngest } from './support/test-ingest.ts'
import { until } from './support/until.ts'

const run = promisify(execFile)
const isInstalled = await run('ffmpeg', ['-version']).then(
  () => true,
  () => false,
)

/** 3 MB a second, of pictures that take next to no work: filled up with zeros, as recorders with a constant rate do. */
const picture = ['-f', 'lavfi', '-i', 'testsrc2=size=400x224:rate=25', '-c:v', 'mpeg2video', '-q:v', '1', '-b:v', '24M']
const constantRate = ['-minrate', '24M', '-maxrate', '24M', '-bufsize', '8M']
/** As long as a recording lasts that nobody ends. */
const maxSeconds = 300

/** Records in real time until it is told to stop; then puts the index before the file. */
function startRecorder(path: string): { stop(): Promise<number> } {
  const args = ['-v', 'error', '-re', ...picture, ...constantRate, '-movflags', '+faststart', '-t', String(maxSeconds)]
  const child = spawn('ffmpeg', [...args, '-y', path], { stdio: ['pipe', 'ignore', 'ignore'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve(code ?? -1))
  })
  return {
    stop() {
      child.stdin.end('q')
      return ended
    },
  }
}

/** Ingest, and what stands between the agent and wherever its parts go. */
async function startBehindProxy(): Promise<{ ingest: TestIngest; proxy: HttpFaultProxy }> {
  let proxy: HttpFaultProxy | undefined
  const through = async (upstream: string) => {
    proxy = await startHttpFaultProxy({ upstream })
    return proxy.url
  }
  const ingest = await startTestIngest({ storeThrough: through })
  if (ingest.bucket === null) {
    ingest.config.ingestUrl = await through(ingest.url)
    await ingest.restart()
  }
  onTestFinished(async () => {
    await ingest.stop()
    await proxy?.close()
  })
  if (proxy === undefined) throw new Error('there is none')
  return { ingest, proxy }
}

/** Each time that a part was sent. */
function sentParts({ requests }: HttpFaultProxy): { number: number; bytes: number; hasArrived: boolean }[] {
  return requests.flatMap(({ method, path, requestBytes, status }) => {
    const [, ...numbers] = /^\/parts\/[^/]+\/(\d+)\/|\/clips\/.*[?&]partNumber=(\d+)/.exec(path) ?? []
    const number = numbers.find((text) => text !== undefined)
    return method === 'PUT' && number !== undefined
      ? [{ number: Number(number), bytes: requestBytes, hasArrived: status === 200 }]
      : []
  })
}

const rowsOf = async ({ database }: TestIngest, sql: string) => (await database.pool.query(sql)).rows

test.skipIf(!isInstalled).for(['A001.mov', 'A002.mp4'])(
  'what ffmpeg records to %s with +faststart goes up while it does, nothing of it again when its index is put before it, and plays',
  async (name) => {
    const { ingest, proxy } = await startBehindProxy()
    const { card, list } = await startAgent(ingest)
    const path = join(card, name)
    const recorder = startRecorder(path)
    const early = await until(
      'parts arrive while it is recorded',
      () => {
        const arrived = sentParts(proxy).filter((part) => part.hasArrived)
        return arrived.length >= 2 && arrived.map(({ number }) => number)
      },
      60_000,
    )
    expect(early).not.toContain(1)
    expect(await recorder.stop()).toBe(0)
    await until('it is verified', async () => (await list()).every(({ state }) => state === 'verified'), 60_000)

    const bytes = await ingest.stored.read(name)
    expect(bytes.equals(await readFile(path))).toBe(true)
    const copy = join(card, '..', name)
    await writeFile(copy, bytes)
    expect((await run('ffmpeg', ['-v', 'error', '-i', copy, '-f', 'null', '-'])).stderr).toBe('')

    expect(await rowsOf(ingest, 'select custody, places_moved from assets')).toEqual([
      { custody: 'verified', places_moved: true },
    ])
    const sent = sentParts(proxy)
    for (const number of early) expect(sent.filter((part) => part.number === number)).toHaveLength(1)
    // Of what left at the very moment when the file was shifted one part may have had to go again.
    const [ends] = await rowsOf(
      ingest,
      'select sum(size_bytes)::integer as bytes from asset_parts where number = 1 or is_final',
    )
    const sentBytes = sent.reduce((sum, part) => sum + part.bytes, 0)
    expect(sentBytes).toBeGreaterThanOrEqual(bytes.length)
    expect(sentBytes).toBeLessThanOrEqual(bytes.length + Number(ends?.bytes))
  },
)
