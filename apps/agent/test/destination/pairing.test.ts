import { describe, expect, it } from 'vitest'
import { faults } from '../simulated-destination/fault.ts'
import { never, pair, startHarness } from './harness.ts'

describe('pairing', () => {
  it('asks for a code, waits for the approval and hands over tokens and the control secret', async () => {
    const { server, destination, credentials } = await startHarness({ autoApprove: false })
    const code = await destination.requestPairingCode(
      { ...credentials, deviceName: 'Cart 1', uploadTo: 'https://elsewhere.example' },
      never,
    )
    if (code.kind !== 'code') throw new Error(JSON.stringify(code))
    expect(code).toMatchObject({
      userCode: expect.stringMatching(/^\d{6}$/),
      deviceName: 'Cart 1',
      expiresInMs: 120_000,
    })
    const poll = () => destination.pollPairing({ ...credentials, deviceCode: code.deviceCode }, never)

    expect(await poll()).toEqual({ kind: 'pending' })
    server.approve(await server.pairingCode())
    expect(await poll()).toEqual({
      kind: 'paired',
      tokens: {
        accessToken: expect.stringMatching(/^access-/),
        accessLifetimeMs: 28_800_000,
        refreshToken: expect.any(String),
      },
      controlLink: { deviceId: 'device-1', deviceSecret: expect.stringMatching(/^rushes_dev_device-1\./) },
    })
    expect(server.requestsOf('deviceCode')[0]?.body).toMatchObject({
      scope: 'asset_create offline',
      rushes_upload_to: 'https://elsewhere.example',
    })
    expect(server.violations).toEqual([])
  })

  it('tells a foreign server nothing of ours and gets no control secret', async () => {
    const harness = await startHarness({ mode: 'foreign' })
    const { server, destination, credentials } = harness
    const code = await destination.requestPairingCode({ ...credentials, deviceName: 'Cart 1' }, never)
    if (code.kind !== 'code') throw new Error(JSON.stringify(code))

    expect(await destination.pollPairing({ ...credentials, deviceCode: code.deviceCode }, never)).toMatchObject({
      kind: 'paired',
      controlLink: null,
    })
    expect(server.violations).toEqual([])
  })

  it.each([
    ['denied', { kind: 'refused', code: 'access_denied' }],
    ['expired', { kind: 'expired' }],
  ] as const)('says so when the code was %s', async (how, outcome) => {
    const { server, destination, credentials } = await startHarness({ autoApprove: false })
    const code = await destination.requestPairingCode(credentials, never)
    if (code.kind !== 'code') throw new Error(JSON.stringify(code))
    if (how === 'denied') server.deny(code.userCode)
    else server.expirePairing(code.userCode)

    expect(await destination.pollPairing({ ...credentials, deviceCode: code.deviceCode }, never)).toEqual(outcome)
  })

  it('tells "slow down" and a wrong client secret from an answer that says nothing about the code', async () => {
    const { server, destination } = await startHarness({ mode: 'foreign' })
    const wrong = { clientId: 'unit-1', clientSecret: 'wrong-secret', deviceCode: 'code' }
    expect(await destination.requestPairingCode(wrong, never)).toMatchObject({
      kind: 'failed',
      failure: { kind: 'reply', status: 400, body: '{"error":"invalid_client"}' },
    })
    server.inject({ kind: 'reply', status: 400, body: '{"error":"slow_down"}' }, { operation: 'token' })
    expect(await destination.pollPairing(wrong, never)).toEqual({ kind: 'slowDown' })
    server.inject(faults.badGateway, { operation: 'token' })
    expect(await destination.pollPairing(wrong, never)).toMatchObject({ kind: 'failed', failure: { status: 502 } })
  })
})

describe('tokens', () => {
  it('refreshes, after which the former access token is dead', async () => {
    const harness = await startHarness()
    const { destination, credentials } = harness
    const former = await pair(harness)
    const outcome = await destination.refresh({ ...credentials, refreshToken: former.refreshToken }, never)
    if (outcome.kind !== 'tokens') throw new Error(JSON.stringify(outcome))

    expect((await destination.me(outcome.tokens.accessToken, never)).kind).toBe('identity')
    expect(await destination.me(former.accessToken, never)).toMatchObject({ kind: 'failed', failure: { status: 401 } })
  })

  it('gets a new pair for a device secret, and no access after a revocation', async () => {
    const harness = await startHarness()
    const { destination, credentials } = harness
    const code = await destination.requestPairingCode(credentials, never)
    if (code.kind !== 'code') throw new Error(JSON.stringify(code))
    const paired = await destination.pollPairing({ ...credentials, deviceCode: code.deviceCode }, never)
    if (paired.kind !== 'paired' || paired.controlLink === null) throw new Error(JSON.stringify(paired))

    const outcome = await destination.additions?.exchangeDeviceSecret(
      { clientId: credentials.clientId, deviceSecret: paired.controlLink.deviceSecret },
      never,
    )
    if (outcome?.kind !== 'tokens') throw new Error(JSON.stringify(outcome))
    const { accessToken } = outcome.tokens
    expect((await destination.me(accessToken, never)).kind).toBe('identity')
    expect(await destination.revoke({ ...credentials, token: accessToken }, never)).toEqual({ kind: 'revoked' })
    expect(await destination.me(accessToken, never)).toMatchObject({ kind: 'failed', failure: { status: 401 } })
  })
})
