import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { maxBatchBytes } from '../src/store/folder/part-writer.ts'
import { createFixed, mib, someBytes, split, storedBytes, untilStatus } from './support/clips.ts'
import { pairDevice } from './support/pair.ts'
import { type ProcessIngest, prepareProcessIngest } from './support/process-ingest.ts'
import { until } from './support/until.ts'

const program = join(import.meta.dirname, '../../../infra/test/postgres-program.ts')

/** More than is gathered before any of it is written. */
const begunBytes = maxBatchBytes + mib

/** A PostgreSQL of this test's own; started again on the same folder it has the same address. */
let homeDir: string
let postgres: ChildProcess
let ingest: ProcessIngest
async function startPostgres(): Promise<string> {
  postgres = spawn(process.execPath, [program, homeDir], { stdio: ['ignore', 'pipe', 'inherit'] })
  if (postgres.stdout === null) throw new Error('a pipe was asked for')
  const [address] = await once(createInterface({ input: postgres.stdout }), 'line')
  return String(address)
}
async function stopPostgres(): Promise<void> {
  if (postgres.exitCode !== null || postgres.signalCode !== null) return
  postgres.kill('SIGTERM')
  await once(postgres, 'exit')
}
beforeAll(async () => {
  homeDir = await mkdtemp(join(tmpdir(), 'rushes-restart-'))
  const adminUrl = await startPostgres()
  ingest = await prepareProcessIngest({ servers: { adminUrl, s3Server: null } })
  await ingest.start()
}, 180_000)
afterAll(async () => {
  await ingest?.dispose()
  await stopPostgres()
  await rm(homeDir, { recursive: true, force: true })
})

test('PostgreSQL that is restarted in the middle of an upload: every part on its way is acknowledged, and the clip is right', async () => {
  const device = await pairDevice(ingest)
  const bytes = someBytes(20 * mib)
  const { id, urls } = await createFixed(device, bytes, { name: 'restart.mp4', parts: 2 })
  const goOn = Promise.withResolvers<void>()
  const puts = split(bytes, 2).map((piece, i) => {
    const body = new ReadableStream<Uint8Array>({
      async start(controller) {
        controller.enqueue(piece.subarray(0, begunBytes))
        await goOn.promise
        controller.enqueue(piece.subarray(begunBytes))
        controller.close()
      },
    })
    const headers = { 'content-type': 'video/mp4', 'x-amz-acl': 'private', 'content-length': String(piece.length) }
    return fetch(urls[i] ?? '', { method: 'PUT', headers, body, duplex: 'half' })
  })
  const data = join(ingest.dir, '.rushes-uploads', `${id}.data`)
  await until(
    'both parts are coming in',
    async () => ((await stat(data).catch(() => null))?.size ?? 0) > bytes.length / 2,
  )
  await stopPostgres()
  goOn.resolve() // both parts come in whole while there is no database
  await until('ingest has noticed', () => ingest.output().includes('the database is away; trying again'), 30_000)
  await until('health says so', async () => (await fetch(`${ingest.url}/health`)).status === 503)
  await startPostgres()
  expect((await Promise.all(puts)).map((reply) => reply.status)).toEqual([200, 200])
  await untilStatus(device, id, 'available')
  expect(bytes.equals(await storedBytes(ingest.dir, 'restart.mp4'))).toBe(true)
  await until('health is well again', async () => (await fetch(`${ingest.url}/health`)).status === 200)
}, 180_000)
