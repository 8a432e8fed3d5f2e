import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type FileHandle, mkdir, mkdtemp, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { approvePairing, renameClip } from '@rushes/fleet'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { ana } from './support/pair.ts'
import { type ProcessIngest, prepareProcessIngest } from './support/process-ingest.ts'
import { until } from './support/until.ts'

const agentMain = join(import.meta.dirname, '../../agent/src/main.ts')
const mebibyte = 1_048_576

/** Our agent as a program, paired with this ingest, with one folder of recordings. */
async function startAgent(ingest: ProcessIngest): Promise<{ card: string; list(): Promise<z.infer<typeof listed>[]> }> {
  const dir = await mkdtemp(join(tmpdir(), 'rushes-growing-'))
  const card = join(dir, 'card')
  const stateDir = join(dir, 'state')
  await mkdir(card)
  await mkdir(stateDir, { mode: 0o700 })
  const watch = [{ path: card, mode: 'realtime', bytesPerSecond: 5_242_880 }]
  await writeFile(join(stateDir, 'agent.json'), JSON.stringify({ watch, settleMs: 1_000 }))
  const running: ChildProcess[] = []
  const start = (...args: string[]) => {
    const child = spawn(process.execPath, [agentMain, '--state-dir', stateDir, '--json', ...args], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    running.push(child)
    return child
  }
  onTestFinished(async () => {
    for (const child of running.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)) {
      child.kill('SIGKILL')
      await once(child, 'close')
    }
    await rm(dir, { recursive: true, force: true })
  })
  const pairing = start('pair', '--server', ingest.url)
  const paired = once(pairing, 'close')
  for await (const line of createInterface(pairing.stdout)) {
    const code = shownCode.safeParse(JSON.parse(line))
    if (!code.success) continue
    const approval = { userCode: code.data.userCode, projectId: ingest.projectId, timezone: null, remoteAddress: null }
    const approved = await approvePairing({ db: ingest.database.db, now: new Date(), actor: ana }, approval)
    expect(approved.kind).toBe('approved')
    break
  }
  pairing.stdout.resume()
  expect((await paired)[0]).toBe(0)
  const daemon = start('run')
  await once(daemon.stdout, 'data')
  const list = async () => {
    const child = start('list')
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk
    })
    await once(child, 'close')
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => listed.parse(JSON.parse(line)))
  }
  return { card, list }
}

const shownCode = z.object({ event: z.literal('code'), userCode: z.string() })
const listed = z.object({ state: z.string(), partsDone: z.number(), bytesAcknowledged: z.number() })

/** Writes 26 MB a piece at a time, as a recorder does, and waits until some of it has arrived. */
async function recordInto(file: FileHandle, list: () => Promise<z.infer<typeof listed>[]>): Promise<void> {
  const block = Buffer.alloc(mebibyte)
  for (let megabyte = 0; megabyte < 26; megabyte++) {
    block.fill(megabyte + 1)
    await file.write(block)
    await delay(40)
  }
  await until(
    'a part arrives while it grows',
    async () => (await list()).some(({ partsDone }) => partsDone > 0),
    60_000,
  )
}

const clipsOf = async ({ database }: ProcessIngest) =>
  (
    await database.pool.query('select id, name, state, custody, version_of_id from assets order by created_at')
  ).rows.map((row) => clipRow.parse(row))
const clipRow = z.object({
  ...{ id: z.string(), name: z.string(), state: z.string(), custody: z.string(), version_of_id: z.string().nullable() },
})

test.for([
  ['the name that its recorder gives it', null, 'Scene 4 Take 2.mov'],
  ['the name that an operator has given it meanwhile', 'interview.mov', 'interview.mov'],
] as const)('a clip that grows under a temporary name ends with %s', async ([, operatorName, expected]) => {
  const ingest = await prepareProcessIngest()
  onTestFinished(() => ingest.dispose())
  await ingest.start()
  const { card, list } = await startAgent(ingest)
  const file = await open(join(card, 'A001.mov.part'), 'w+')
  await recordInto(file, list)
  const [growing] = await clipsOf(ingest)
  expect(growing).toMatchObject({ name: '[new file].mov', state: 'created' })
  if (operatorName !== null) {
    const acting = { db: ingest.database.db, now: new Date(), actor: ana }
    await renameClip(acting, { assetId: growing?.id ?? '', name: operatorName })
  }
  await file.close()
  const path = join(card, 'Scene 4 Take 2.mov')
  await rename(join(card, 'A001.mov.part'), path)
  await until('it is verified', async () => (await list()).every(({ state }) => state === 'verified'), 120_000)
  expect(await ingest.stored.names()).toEqual([expected])
  expect((await ingest.stored.read(expected)).equals(await readFile(path))).toBe(true)
})

test('a clip that was rewritten where nobody expects it goes up again as a newer version, and the first is never verified', async () => {
  const ingest = await prepareProcessIngest()
  onTestFinished(() => ingest.dispose())
  await ingest.start()
  const { card, list } = await startAgent(ingest)
  const path = join(card, 'A001.mov')
  const file = await open(path, 'w+')
  await recordInto(file, list)
  // Neither the beginning nor the last 64 MiB of so long a file.
  await file.truncate(90 * mebibyte)
  await file.write(Buffer.from('rewritten'), 0, 9, 7 * mebibyte)
  await file.close()
  await until('it is verified', async () => (await list()).every(({ state }) => state === 'verified'), 120_000)
  const [first, second, ...more] = await clipsOf(ingest)
  expect(more).toEqual([])
  expect(first?.version_of_id).toBeNull()
  expect(first?.custody).not.toBe('verified')
  expect(second).toMatchObject({ custody: 'verified', version_of_id: first?.id })
})

test.for([
  ['A001.mov', 20],
  ['A002.mkv', 12 * mebibyte],
] as const)(
  'our agent sends %s while it grows, its recorder rewrites byte %i at the end, and what is verified is the file',
  async ([name, rewrittenAt]) => {
    const ingest = await prepareProcessIngest()
    onTestFinished(() => ingest.dispose())
    await ingest.start()
    const { card, list } = await startAgent(ingest)
    const path = join(card, name)
    const file = await open(path, 'w+')
    await recordInto(file, list)
    await file.write(Buffer.from('rewritten'), 0, 9, rewrittenAt)
    await file.close()
    await until('it is verified', async () => (await list()).every(({ state }) => state === 'verified'), 120_000)
    expect(await ingest.stored.names()).toEqual([name])
    expect((await ingest.stored.read(name)).equals(await readFile(path))).toBe(true)
  },
)
