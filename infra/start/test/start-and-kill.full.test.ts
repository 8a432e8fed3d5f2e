import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { removeDataFolder } from '../data-folder.ts'
import { rootDir } from '../repository.ts'
import { runAdmin } from '../run-admin.ts'

let dir: string
const children: ChildProcess[] = []
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'rushes start '))
})
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})
afterAll(async () => {
  await removeDataFolder(join(dir, 'data'))
  await rm(dir, { recursive: true, force: true })
})

type Started = { child: ChildProcess; lines: string[]; ready: Promise<void>; ended: Promise<number | null> }

/** What a person types, on free ports. */
function npmStart(...more: string[]): Started {
  const argv = ['infra/bootstrap.mjs', 'start', '--no-demo', '--port', '0', '--data-dir', join(dir, 'data'), ...more]
  const child = spawn(process.execPath, argv, { cwd: rootDir, stdio: ['ignore', 'pipe', 'pipe'] })
  children.push(child)
  const lines: string[] = []
  const isReady = Promise.withResolvers<void>()
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line)
      if (line.includes('Ctrl-C stops everything')) isReady.resolve()
    })
  }
  const ended = once(child, 'close').then(([code]) => z.number().nullable().parse(code))
  void ended.then((code) => isReady.reject(new Error(`ended with ${code} before it was ready:\n${lines.join('\n')}`)))
  isReady.promise.catch(() => undefined) // those that wait for it are told
  return { child, lines, ready: isReady.promise, ended }
}

const record = z.object({ pid: z.number(), publicUrl: z.string(), databaseUrl: z.string() })

async function recorded(): Promise<z.infer<typeof record>> {
  return record.parse(JSON.parse(await readFile(join(dir, 'data', 'local-instance.json'), 'utf8')))
}

async function health(publicUrl: string): Promise<unknown> {
  return (await fetch(`${publicUrl}/api/health`)).json()
}

const healthy = { status: 'ok', components: { database: 'ok', gateway: 'ok', ingest: 'ok' } }

const projectNames = async (databaseUrl: string) =>
  z
    .array(z.object({ name: z.string() }))
    .parse(await runAdmin({ DATABASE_URL: databaseUrl }, ['project', 'list']))
    .map(({ name }) => name)

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false // no such process
  }
}

test('starts, refuses a second start, stops on a signal, and a second start has the same data', async () => {
  const first = npmStart()
  await first.ready
  const { publicUrl, databaseUrl } = await recorded()
  expect(await health(publicUrl)).toEqual(healthy)
  expect(first.lines.join('\n')).toMatch(/one-time link: http/)
  await runAdmin({ DATABASE_URL: databaseUrl }, ['project', 'create', 'Night shoot'])

  const second = npmStart()
  expect(await second.ended).toBe(1)
  expect(second.lines.join('\n')).toContain('dataFolderInUse')

  first.child.kill('SIGTERM')
  expect(await first.ended).toBe(0)
  expect(first.lines.at(-1)).toMatch(/stopped$/)
  await expect(fetch(publicUrl)).rejects.toThrow()

  const again = npmStart()
  await again.ready
  expect(await projectNames((await recorded()).databaseUrl)).toEqual(['Night shoot'])
  again.child.kill('SIGINT')
  expect(await again.ended).toBe(0)
})

test('after kill -9 nothing is left running, and the next start goes on with what was there', async () => {
  for (let round = 0; round < 3; round += 1) {
    const started = npmStart()
    await started.ready
    const { pid, publicUrl, databaseUrl } = await recorded()
    expect(await health(publicUrl)).toEqual(healthy)
    await runAdmin({ DATABASE_URL: databaseUrl }, ['project', 'create', `Round ${round}`])
    process.kill(pid, 'SIGKILL')
    await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false)
    const isAnswering = () =>
      fetch(publicUrl).then(
        () => true,
        () => false,
      )
    await expect.poll(isAnswering, { timeout: 20_000 }).toBe(false)
    await expect
      .poll(
        () =>
          projectNames(databaseUrl).then(
            () => 'runs',
            () => 'gone',
          ),
        { timeout: 30_000 },
      )
      .toBe('gone')
  }
  const last = npmStart()
  await last.ready
  expect(await projectNames((await recorded()).databaseUrl)).toEqual(['Night shoot', 'Round 0', 'Round 1', 'Round 2'])
  last.child.kill('SIGTERM')
  expect(await last.ended).toBe(0)
})
