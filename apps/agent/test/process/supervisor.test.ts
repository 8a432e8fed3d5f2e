import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { endAll, startDevice } from './agent-process.ts'

vi.setConfig({ testTimeout: 90_000 })
afterEach(endAll)

test('systemd is told once that the agent runs, and again and again that it still does', async () => {
  const device = await startDevice()
  const bin = join(device.stateDir, '..', 'bin')
  const said = join(bin, 'said')
  await mkdir(bin)
  await writeFile(join(bin, 'systemd-notify'), `#!/bin/sh\necho "$1" >> '${said}'\n`)
  await chmod(join(bin, 'systemd-notify'), 0o755)
  await device.start([], { PATH: `${bin}:${process.env.PATH}`, NOTIFY_SOCKET: '/run/none', WATCHDOG_USEC: '200000' })
  const lines = async () => (await readFile(said, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '')
  await expect.poll(async () => (await lines()).length, { timeout: 30_000 }).toBeGreaterThanOrEqual(4)
  const all = await lines()
  expect(all[0]).toBe('READY=1')
  expect(new Set(all.slice(1))).toEqual(new Set(['WATCHDOG=1']))
})

test('the log goes to a file where one is named', async () => {
  const device = await startDevice()
  const path = join(device.stateDir, 'logs', 'agent.log')
  const agent = await device.start(['--log-file', path])
  expect(await agent.terminate()).toBe(0)
  const lines = (await readFile(path, 'utf8')).trim().split('\n')
  expect(lines.map((line) => JSON.parse(line).msg)).toEqual(expect.arrayContaining(['agent runs', 'agent stops']))
  expect(agent.stderr()).toBe('')
})
