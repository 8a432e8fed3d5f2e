import { pino } from 'pino'
import { expect, it, onTestFinished } from 'vitest'
import { startLink } from '../../src/link/start-link.ts'
import { createFakePort } from './fake-port.ts'
import { startScriptedGateway } from './scripted-gateway.ts'

it('startLink connects in real time, reports, and stops without leaving a timer behind', async () => {
  const gateway = await startScriptedGateway()
  onTestFinished(() => gateway.stop())
  const port = createFakePort({
    deviceId: 'device-1',
    deviceSecret: 'rushes_dev_device-1.secret',
    agentUrl: gateway.url,
    agentVersion: '0.1.0',
    bootId: 'boot-1',
    outboxId: 'outbox-1',
  })
  const link = startLink({ port, log: pino({ level: 'silent' }) })
  const session = await gateway.nextSession()
  await session.welcome()
  port.appendNotices(1)
  expect((await session.nextOf('events')).events).toHaveLength(1)
  expect(link.status()).toMatchObject({ state: 'online', cause: null })
  await link.stop()
  expect(await session.closed).toBe(1001)
  expect(process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap')).toEqual([])
})
