import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test, vi } from 'vitest'
import { atEnd, endAll, startDevice } from './agent-process.ts'

vi.setConfig({ testTimeout: 90_000 })
afterEach(endAll)

const launcher = fileURLToPath(new URL('../../bin/rushes-agent', import.meta.url))

/** The launcher with a running daemon below it. */
async function launch(device: Awaited<ReturnType<typeof startDevice>>) {
  const child = spawn(
    process.execPath,
    [launcher, '--state-dir', device.stateDir, '--json', 'run', '--watch', device.watchDir],
    {
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  )
  const closed = once(child, 'close').then(([code]) => code as number | null)
  atEnd(async () => {
    child.kill('SIGKILL')
    await closed
  })
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data')
  const { pid } = JSON.parse(String(line)) as { pid: number }
  return { child, closed, pid }
}

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('the launcher passes on what the agent is told and how it ends', async () => {
  const device = await startDevice()
  const { child, closed, pid } = await launch(device)
  expect(pid).not.toBe(child.pid)
  child.kill('SIGTERM')
  expect(await closed).toBe(0)
  expect(isRunning(pid)).toBe(false)
  const misused = spawn(process.execPath, [launcher, 'frobnicate'], { stdio: 'ignore' })
  expect(await once(misused, 'close')).toEqual([2, null])
})

test('an agent does not outlive its launcher, however that ends', async () => {
  const device = await startDevice()
  const { child, closed, pid } = await launch(device)
  child.kill('SIGKILL')
  await closed
  const givesUpAt = performance.now() + 20_000
  while (isRunning(pid) && performance.now() < givesUpAt) await delay(20)
  expect(isRunning(pid)).toBe(false)
})
