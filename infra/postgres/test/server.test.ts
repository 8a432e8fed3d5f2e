import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemStateDir } from '../binaries.ts'
import { type PostgresServer, startPostgres } from '../server.ts'

let homeDir: string
const started: PostgresServer[] = []

beforeEach(async () => {
  const parentDir = process.getuid?.() === 0 ? systemStateDir : tmpdir()
  await mkdir(parentDir, { recursive: true })
  homeDir = await mkdtemp(join(parentDir, 'rushes test '))
})

afterEach(async () => {
  for (const server of started.splice(0)) await server.stop()
  await rm(homeDir, { recursive: true, force: true })
})

async function start(dir = homeDir, durable = false): Promise<PostgresServer> {
  const server = await startPostgres({ homeDir: dir, password: 'a b/c@%', durable })
  started.push(server)
  return server
}

async function query(server: PostgresServer, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: server.urlOf('postgres') })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

const pidOf = async () => Number((await readFile(join(homeDir, 'cluster', 'postmaster.pid'), 'utf8')).split('\n')[0])

test('keeps its data over a clean stop, in a folder with a space in its name', async () => {
  const first = await start()
  await query(first, 'create table kept as select 42 as id')
  await first.stop()
  expect(await query(await start(), 'select id from kept')).toEqual([{ id: 42 }])
})

test('opens no port, and lets nobody in without the password', async () => {
  const server = await start()
  expect(await query(server, 'show listen_addresses')).toEqual([{ listen_addresses: '' }])
  const wrong = new pg.Client({ connectionString: server.urlOf('postgres').replace(/:[^:@]+@/, ':wrong@') })
  await expect(wrong.connect()).rejects.toMatchObject({ code: '28P01' })
  expect(((await stat(homeDir)).mode & 0o777).toString(8)).toBe('700')
})

test('starts again after the server was killed, with all that was acknowledged', async () => {
  const first = await start(homeDir, true)
  await query(first, 'create table kept as select 1 as id')
  process.kill(await pidOf(), 'SIGKILL')
  await first.ended
  expect(await query(await start(), 'select id from kept')).toEqual([{ id: 1 }])
})

test('starts although the lock file of a killed server names a process that is now another one', async () => {
  const first = await start()
  await first.stop()
  // This process stands for the innocent one: it is alive, and no PostgreSQL.
  await writeFile(join(homeDir, 'cluster', 'postmaster.pid'), `${process.pid}\n${join(homeDir, 'cluster')}\n`)
  await writeFile(join(homeDir, 'socket', '.s.PGSQL.5432.lock'), `${process.pid}\n`)
  expect(await query(await start(), 'select 1 as one')).toEqual([{ one: 1 }])
})

test('stops a server that an earlier start left running, then starts its own', async () => {
  const left = await start()
  const leftPid = await pidOf()
  const next = await start()
  await left.ended
  expect(await pidOf()).not.toBe(leftPid)
  expect(await query(next, 'select 1 as one')).toEqual([{ one: 1 }])
})

test('ends when the process that started it is killed', async () => {
  const program = `
    import { startPostgres } from ${JSON.stringify(new URL('../server.ts', import.meta.url).href)}
    await startPostgres({ homeDir: ${JSON.stringify(homeDir)}, password: 'x', durable: false })
    console.log('ready')
    setInterval(() => undefined, 1000)`
  const parent = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(parent.stdout, 'data')
  const pid = await pidOf()
  parent.kill('SIGKILL')
  await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false)
})

test('lives in a folder whose path is too long for a socket', async () => {
  const deep = join(homeDir, 'd'.repeat(60), 'e'.repeat(60))
  if (process.getuid?.() === 0) await mkdirOpen(deep)
  else await mkdir(deep, { recursive: true })
  const first = await start(deep)
  const url = first.urlOf('postgres')
  expect(await query(first, 'select 1 as one')).toEqual([{ one: 1 }])
  await first.stop()
  expect((await start(deep)).urlOf('postgres')).toBe(url)
})

test('says in its own words why it did not start', async () => {
  const first = await start()
  await first.stop()
  await writeFile(join(homeDir, 'cluster', 'postgresql.conf'), 'nonsense = yes\n')
  await expect(start()).rejects.toMatchObject({
    code: 'postgresStartFailed',
    hint: expect.stringContaining('nonsense'),
  })
})

/** Each folder on the way must be one that PostgreSQL's own user can pass through. */
async function mkdirOpen(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o755 })
  await chmod(homeDir, 0o755)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false // no such process: what the test waits for
  }
}
