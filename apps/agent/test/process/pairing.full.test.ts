import { startHttpFaultProxy } from '@rushes/test-kit'
import { afterEach, expect, test, vi } from 'vitest'
import { atEnd, endAll, pairDevice, startDevice } from './agent-process.ts'

vi.setConfig({ testTimeout: 90_000 })
afterEach(endAll)

test('a device that is told to slow down while it waits to be paired asks five seconds less often, and is paired by a person alone', async () => {
  const device = await startDevice({ paired: false, autoApprove: false })
  const proxy = await startHttpFaultProxy({ upstream: device.server.url })
  atEnd(() => proxy.close())
  const isPoll = { method: 'POST', path: '/v2/auth/token' }
  const slowed = proxy.inject({ kind: 'reply', status: 400, body: '{"error":"slow_down"}' }, { when: isPoll, nth: 3 })
  const paired = pairDevice(device, proxy.url)
  const code = await device.server.pairingCode()
  await slowed.firstHit
  device.server.approve(code)
  expect((await paired).code).toBe(0)
  const polls = proxy.requests.filter(({ method, path }) => method === isPoll.method && path === isPoll.path)
  expect(polls.map(({ status }) => status)).toEqual([400, 400, 400, 200])
  expect((polls[3]?.beganAt ?? 0) - (polls[2]?.beganAt ?? 0)).toBeGreaterThan(5_000)
})
