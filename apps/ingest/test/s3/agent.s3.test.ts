import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { approvePairing } from '@rushes/fleet'
import { type HttpFaultProxy, startHttpFaultProxy } from '@rushes/test-kit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mib, someBytes } from '../support/clips.ts'
import { ana } from '../support/pair.ts'
import { startTestIngest, type TestIngest } from '../support/test-ingest.ts'
import { until } from '../support/until.ts'

const agentFile = join(import.meta.dirname, '../../../agent/src/main.ts')

/** Between the agent and the bucket. */
let proxy: HttpFaultProxy
let ingest: TestIngest
let home: string
const running = new Set<ChildProcess>()
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'rushes-agent-on-s3-'))
  ingest = await startTestIngest({
    storeThrough: async (endpoint) => {
      proxy = await startHttpFaultProxy({ upstream: endpoint })
      return proxy.url
    },
  })
})
afterAll(async () => {
  await Promise.all([...running].map(kill))
  await ingest?.stop()
  await proxy?.close()
  await rm(home, { recursive: true, force: true })
})

const state = () => join(home, 'state')
const card = () => join(home, 'card')
function agent(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, [agentFile, '--state-dir', state(), '--json', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  running.add(child)
  child.once('exit', () => running.delete(child))
  return child
}
async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

/** Pairs the agent as a person would, who reads its code. */
async function pair(): Promise<void> {
  const pairing = agent('pair', '--server', ingest.url)
  if (pairing.stdout === null) throw new Error('a pipe was asked for')
  for await (const line of createInterface({ input: pairing.stdout })) {
    const userCode = /\b(\d{6})\b/.exec(line)?.[1]
    if (userCode === undefined) continue
    const { db } = ingest.database
    const approved = await approvePairing(
      { db, now: new Date(), actor: ana },
      { userCode, projectId: ingest.projectId, remoteAddress: null },
    )
    expect(approved.kind).toBe('approved')
    break
  }
  if (pairing.exitCode === null) await once(pairing, 'exit')
  expect(pairing.exitCode).toBe(0)
}

test('an agent that is killed in the middle of a part, and after its last part had arrived, has its clip verified in the bucket, once', async () => {
  await mkdir(state(), { mode: 0o700 })
  await mkdir(card())
  await writeFile(join(state(), 'agent.json'), JSON.stringify({ settleMs: 150, workers: 1, stallMs: 60_000 }))
  await pair()
  const bytes = someBytes(40 * mib + 7)
  const puts = { method: 'PUT', path: /partNumber=/ } as const
  const stalled = proxy.inject({ kind: 'stall', afterBytes: 300_000 }, { when: puts, nth: 2 })
  await writeFile(join(card(), 'A001.mov'), bytes)

  const first = agent('run', '--watch', card())
  await stalled.firstHit
  await kill(first)
  proxy.heal()
  const { rows } = await ingest.database.pool.query('select count(*)::integer count from asset_parts')
  const partCount = Number(rows[0]?.count)
  expect(partCount).toBeGreaterThan(2)

  // Every part arrives and the reply to the last one never does; by the time that the agent is back the clip is whole.
  const lost = proxy.inject(
    { kind: 'loseReply' },
    { when: { method: 'PUT', path: new RegExp(`partNumber=${partCount}&`) } },
  )
  const second = agent('run', '--watch', card())
  await lost.firstHit
  await until(
    'the last part is in the bucket',
    async () => {
      const [asset] = (await ingest.database.pool.query('select id from assets')).rows
      return (await ingest.bucket?.partNumbers(`clips/${asset.id}`))?.includes(partCount)
    },
    60_000,
  )
  await kill(second)
  proxy.heal()
  await ingest.database.pool.query('update store_uploads set look_at = now()')
  await until(
    'ingest has made a clip of it',
    async () => {
      return (await ingest.database.pool.query("select from assets where state = 'available'")).rowCount === 1
    },
    60_000,
  )

  agent('run', '--watch', card())
  await until(
    'it is verified',
    async () => {
      const clips = await ingest.database.pool.query('select custody from assets')
      return clips.rows[0]?.custody === 'verified'
    },
    60_000,
  )
  expect((await ingest.database.pool.query('select from assets')).rowCount).toBe(1)
  expect(bytes.equals(await ingest.stored.read('A001.mov'))).toBe(true)
  // What ingest was sent of it are calls alone.
  expect(ingest.logLines.filter((line) => line.includes('/parts/'))).toEqual([])
  const toBucket = proxy.requests
    .filter((request) => request.method === 'PUT')
    .reduce((sum, { requestBytes }) => sum + requestBytes, 0)
  expect(toBucket).toBeGreaterThanOrEqual(bytes.length)
})
