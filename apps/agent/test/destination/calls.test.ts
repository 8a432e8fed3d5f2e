import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { discover } from '../../src/destination/discover.ts'
import { faults } from '../simulated-destination/fault.ts'
import { createClip, never, newSettings, pair, startHarness } from './harness.ts'

describe('the device', () => {
  it('reads its identity with the fence from ours', async () => {
    const harness = await startHarness({ project: { id: 'p-7', name: 'Feature' } })
    const { accessToken } = await pair(harness)
    expect(await harness.destination.me(accessToken, never)).toEqual({
      kind: 'identity',
      identity: {
        id: 'project-device-1',
        deviceId: 'device-1',
        name: 'Simulated-rushes-agent-1',
        projectId: 'p-7',
        projectName: 'Feature',
        status: 'online',
        timezone: 'Europe/Berlin',
        authorizationExpiresAt: null,
        fence: { projectEpoch: 1, purgeReceiptRequired: false, pairedAt: expect.stringMatching(/Z$/) },
      },
    })
    expect(await harness.destination.heartbeat(accessToken, never)).toEqual({ kind: 'heard' })
    expect(await harness.destination.health(never)).toEqual({ kind: 'healthy' })
  })

  it('reads no fence from a foreign server, which has no additions either', async () => {
    const harness = await startHarness({ mode: 'foreign' })
    const { accessToken } = await pair(harness)
    expect(await harness.destination.me(accessToken, never)).toMatchObject({ identity: { fence: null } })
    expect(harness.destination.additions).toBeNull()

    const fence = { project_epoch: 3, purge_receipt_required: true, paired_at: '2026-11-22T12:00:00Z' }
    const body = JSON.stringify({ id: 'd', name: 'n', project_id: 'p', status: 'online', rushes: fence })
    harness.server.inject({ kind: 'reply', status: 200, body }, { operation: 'me' })
    expect(await harness.destination.me(accessToken, never)).toMatchObject({
      identity: { projectId: 'p', fence: null },
    })
  })

  it('sends its version with every call, and its token with those that need it alone', async () => {
    const harness = await startHarness()
    const { accessToken } = await pair(harness)
    await harness.destination.health(never)
    await harness.destination.heartbeat(accessToken, never)
    await createClip(harness, accessToken, { sizeBytes: 1_000 })

    const withToken = harness.server.requests.filter((request) => request.headers.authorization !== undefined)
    expect(harness.server.requests.every((request) => request.headers['x-client-version'] === '1.2.3')).toBe(true)
    expect(withToken.map((request) => request.operation)).toEqual(['me', 'heartbeat', 'create'])
  })
})

describe('a call', () => {
  it('ends as aborted at once when its signal says so', async () => {
    const { server, destination } = await startHarness()
    const held = server.inject(faults.stallReply, { operation: 'health' })
    const stop = new AbortController()
    const asked = destination.health(stop.signal)
    await held.firstHit
    stop.abort()
    expect(await asked).toEqual({ kind: 'aborted' })
    expect(await destination.health(stop.signal)).toEqual({ kind: 'aborted' })
    expect(server.requestsOf('health').length).toBe(1)
  })

  it('fails in time when the server keeps its reply back', async () => {
    const { server, destination } = await startHarness({}, { callTimeoutMs: 150 })
    server.inject(faults.stallReply, { operation: 'health' })
    expect(await destination.health(never)).toEqual({
      kind: 'failed',
      failure: { kind: 'network', code: 'ETIMEDOUT', class: 'timeout', requestSent: true },
    })
  })

  it('fails when the reply is longer than any answer could be, without reading it all', async () => {
    const { server, destination } = await startHarness()
    server.inject({ kind: 'reply', status: 200, body: ' '.repeat(5_000_000) }, { operation: 'health' })
    expect(await destination.health(never)).toEqual({
      kind: 'failed',
      failure: { kind: 'malformedReply', status: 200 },
    })
  })

  it('says that nothing was sent when nobody listens or the name does not exist', async () => {
    const { server, destination, settings } = await startHarness()
    await server.refuse()
    expect(await destination.health(never)).toEqual({
      kind: 'failed',
      failure: { kind: 'network', code: 'ECONNREFUSED', class: 'refused', requestSent: false },
    })
    expect(await discover(settings, 'https://nowhere.invalid', never)).toMatchObject({
      kind: 'failed',
      failure: { kind: 'network', class: 'name', requestSent: false },
    })
  })

  it('names a failure of the encryption as such', async () => {
    const { server, settings } = await startHarness()
    expect(await discover(settings, server.url.replace('http:', 'https:'), never)).toMatchObject({
      kind: 'failed',
      failure: { kind: 'network', class: 'tls' },
    })
  })

  it('leaves nothing behind on a signal that lives as long as the daemon', async () => {
    const { destination } = await startHarness()
    const { signal } = new AbortController()
    for (let count = 0; count < 3; count++)
      await Promise.all(Array.from({ length: 8 }, () => destination.health(signal)))
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  it('works again through the same pool once the server is back', async () => {
    const { server, destination } = await startHarness()
    await destination.health(never)
    await server.refuse()
    await destination.health(never)
    await server.accept()
    expect(await destination.health(never)).toEqual({ kind: 'healthy' })
  })

  it('does not outlive its dispatcher', async () => {
    const settings = newSettings()
    const { server } = await startHarness()
    await settings.dispatcher.destroy()
    expect(await discover(settings, server.url, never)).toMatchObject({ kind: 'failed', failure: { kind: 'network' } })
  })
})
