import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Component, type ComponentSpec, startComponent } from '../component.ts'
import { freePort } from '../ports.ts'

let dir: string
let lines: string[]
let notices: string[]
const started: Component[] = []

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'rushes component '))
  lines = []
  notices = []
})
afterEach(async () => {
  for (const component of started.splice(0)) await component.stop()
  await rm(dir, { recursive: true })
})

async function start(
  source: string,
  more: Partial<ComponentSpec> = {},
  signal = new AbortController().signal,
): Promise<Component> {
  const file = join(dir, 'program.mjs')
  await writeFile(file, source)
  const component = await startComponent(
    { name: 'tester', argv: [file], env: {}, cwd: dir, ...more },
    { onLine: (line) => lines.push(line), onNotice: (text) => notices.push(text) },
    signal,
  )
  started.push(component)
  return component
}

const server = (port: number, more = '') => `
  import { createServer } from 'node:http'
  createServer((_, response) => response.end('ok')).listen(${port}, '127.0.0.1', () => console.log('listening'))
  ${more}`

test('is started when it is healthy, and its lines are passed on', async () => {
  const port = await freePort()
  const component = await start(server(port), { healthUrl: `http://127.0.0.1:${port}/` })
  expect(component.pid).toBeGreaterThan(0)
  await expect.poll(() => lines).toContain('listening')
})

test('a program that ends at its first start is not tried again, and its last words are told', async () => {
  const starting = start(`console.error('DATABASE_URL is missing'); process.exit(1)`, {
    healthUrl: 'http://127.0.0.1:9/',
  })
  await expect(starting).rejects.toMatchObject({
    code: 'componentNotHealthy',
    message: expect.stringContaining('ended with exit code 1'),
    hint: expect.stringContaining('DATABASE_URL is missing'),
  })
})

test('is started again after it was killed', async () => {
  const port = await freePort()
  const component = await start(server(port), { healthUrl: `http://127.0.0.1:${port}/` })
  const first = component.pid
  if (first === undefined) throw new Error('it runs')
  process.kill(first, 'SIGKILL')
  await expect
    .poll(() => notices, { timeout: 15_000 })
    .toEqual([expect.stringMatching(/^ended by SIGKILL; starting it again in 0\.\d s$/), 'runs again'])
  expect(component.pid).not.toBe(first)
  expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('ok')
})

test('is told to stop, may finish its work, and stays down', async () => {
  const component = await start(`
    import { writeFileSync } from 'node:fs'
    process.on('SIGTERM', () => { writeFileSync('finished', 'yes'); process.exit(0) })
    setInterval(() => undefined, 1000)
    console.log('ready')`)
  await expect.poll(() => lines).toContain('ready')
  await component.stop()
  expect(await readFile(join(dir, 'finished'), 'utf8')).toBe('yes')
  expect(component.pid).toBeUndefined()
  expect(notices).toEqual([])
})

test('is killed when it does not stop in time', async () => {
  const component = await start(
    `process.on('SIGTERM', () => undefined); setInterval(() => undefined, 1000); console.log('ready')`,
    { stopDeadlineMs: 50 },
  )
  await expect.poll(() => lines).toContain('ready')
  await component.stop()
  expect(component.pid).toBeUndefined()
  expect(notices).toEqual(['did not end in time and was killed'])
})

test('starting is given up when the user has had enough', async () => {
  const enough = new AbortController()
  const starting = start(
    `setInterval(() => undefined, 1000); console.log('up')`,
    { healthUrl: 'http://127.0.0.1:9/' },
    enough.signal,
  )
  await expect.poll(() => lines).toContain('up')
  enough.abort(new Error('Ctrl-C'))
  await expect(starting).rejects.toThrow('Ctrl-C')
})
