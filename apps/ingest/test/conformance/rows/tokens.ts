import { grantTypes, tokenResponse } from '@rushes/protocol'
import { expect } from 'vitest'
import { type Device, deviceOf, refreshDevice } from '../../support/pair.ts'
import { exchange, type Row, row, type Sent } from '../row.ts'
import { camera, secret, type World } from '../world.ts'

const refresh = (device: Device, change: Record<string, string> = {}): Sent => ({
  to: 'POST /v2/auth/token',
  multipart: {
    client_id: device.clientId,
    grant_type: grantTypes.refreshToken,
    refresh_token: device.refreshToken,
    ...change,
  },
})
const me = (as: Device): Sent => ({ to: 'GET /v2/devices/me', as })
const statusOf = async (at: World, sent: Sent) => (await exchange(at, sent)).status
const dead = { status: 401, body: { error: 'invalid_grant' } }
const pair = { expires_in: 28_800, token_type: 'bearer', refresh_token: expect.stringMatching(/^[0-9a-f-]{36}$/) }
const hours = (count: number) => count * 3_600_000
const days = (count: number) => hours(24 * count)

const refused = (title: string, multipart: Record<string, string>, status: number, error: string) =>
  row({
    title: `a refresh with ${title}`,
    topics: ['refresh', 'errorShapes'],
    send: () => ({ to: 'POST /v2/auth/token', multipart: { grant_type: grantTypes.refreshToken, ...multipart } }),
    expect: { status, body: { error } },
  })

export const tokenRows: Row[] = [
  row({
    title: 'a refresh',
    topics: ['refresh'],
    given: (at) => at.newDevice(),
    send: (_at, device) => refresh(device),
    expect: { status: 200, has: pair, headers: { 'cache-control': 'no-store' } },
  }),
  row({
    title: 'a refresh by a model with a secret',
    topics: ['refresh'],
    given: (at) => at.newCamera(),
    send: (_at, device) => refresh(device, { client_secret: secret }),
    expect: { status: 200, has: pair },
  }),
  row({
    title: 'a refresh with the field misspelt as in an older specification',
    topics: ['refresh'],
    given: (at) => at.newDevice(),
    send: (_at, { clientId, refreshToken }) => ({
      to: 'POST /v2/auth/token',
      multipart: { client_id: clientId, grant_type: grantTypes.refreshToken, refresh_tokem: refreshToken },
    }),
    expect: { status: 200, has: pair },
  }),
  row({
    title: 'a refresh again, because the reply was lost: nobody is punished',
    topics: ['refresh', 'lostReplies'],
    given: async (at) => {
      const device = await at.newDevice()
      await exchange(at, refresh(device))
      return device
    },
    send: (_at, device) => refresh(device),
    expect: { status: 200, has: pair },
    after: async (at, device, reply) => {
      const next = deviceOf(at.ingest, { ...device, accessToken: tokenResponse.parse(reply.body).access_token })
      expect(await statusOf(at, me(device))).toBe(200) // until the new one is first used
      expect(await statusOf(at, me(next))).toBe(200)
      expect(await statusOf(at, me(device))).toBe(401)
    },
  }),
  row({
    title: 'two refreshes at once are both answered, and the device goes on with either',
    topics: ['refresh', 'lostReplies'],
    given: async (at) => {
      const device = await at.newDevice()
      const replies = await Promise.all([exchange(at, refresh(device)), exchange(at, refresh(device))])
      expect(replies.map((reply) => reply.status)).toEqual([200, 200])
      return deviceOf(at.ingest, { ...device, accessToken: tokenResponse.parse(replies[0]?.body).access_token })
    },
    send: (_at, next) => me(next),
    expect: { status: 200 },
  }),
  row({
    title: 'a refresh with a token whose successor was used: the whole family ends',
    topics: ['refresh', 'lostReplies'],
    given: async (at) => {
      const device = await at.newDevice()
      const next = await refreshDevice(at.ingest, device)
      await exchange(at, me(next))
      return { device, next }
    },
    send: (_at, { device }) => refresh(device),
    expect: { status: 400, body: { error: 'invalid_request' } },
    after: async (at, { device, next }) => {
      expect(await statusOf(at, me(next))).toBe(401)
      expect((await exchange(at, refresh(next))).body).toEqual({ error: 'invalid_grant' })
      expect((await exchange(at, refresh(device))).status).toBe(401)
    },
  }),
  row({
    title: 'a call 8 hours later',
    topics: ['refresh', 'authorization'],
    given: (at) => at.newDevice(),
    send: (at, device) => {
      at.aheadMs = hours(8)
      return me(device)
    },
    expect: { status: 401 },
    after: async (at, device) => {
      expect(await statusOf(at, refresh(device))).toBe(200)
      at.aheadMs = 0
    },
  }),
  row({
    title: 'a refresh 14 days later',
    topics: ['refresh'],
    given: (at) => at.newDevice(),
    send: (at, device) => {
      at.aheadMs = days(14)
      return refresh(device)
    },
    expect: dead,
    after: async (at, device) => {
      at.aheadMs = days(14) - 60_000
      expect(await statusOf(at, refresh(device))).toBe(200)
      at.aheadMs = 0
    },
  }),
  row({
    title: 'a refresh with the token of another device',
    topics: ['refresh'],
    given: (at) => at.newDevice(),
    send: (at, device) => refresh(device, { client_id: at.device.clientId }),
    expect: dead,
  }),
  refused('a token that nobody was given', { ...camera, refresh_token: crypto.randomUUID() }, 401, 'invalid_grant'),
  refused('no token', camera, 400, 'invalid_request'),
  refused('a NUL in the client id', { ...camera, client_id: 'CAM\0', refresh_token: 'x' }, 400, 'invalid_request'),
  refused('a wrong secret', { ...camera, client_secret: 'wrong', refresh_token: 'x' }, 400, 'invalid_client'),

  row({
    title: 'a revoked access token ends every token of the pairing',
    topics: ['revoke'],
    given: (at) => at.newDevice(),
    send: (_at, { clientId, accessToken }) => ({
      to: 'POST /v2/auth/revoke',
      multipart: { client_id: clientId, token: accessToken },
    }),
    expect: { status: 200, body: '' },
    after: async (at, device) => {
      expect(await statusOf(at, me(device))).toBe(401)
      expect(await statusOf(at, refresh(device))).toBe(401)
    },
  }),
  row({
    title: 'a revoked refresh token does the same',
    topics: ['revoke'],
    given: (at) => at.newDevice(),
    send: (_at, { refreshToken }) => ({ to: 'POST /v2/auth/revoke', json: { token: refreshToken } }),
    expect: { status: 200, body: '' },
    after: async (at, device) => expect(await statusOf(at, me(device))).toBe(401),
  }),
  row({
    title: 'revoking what nobody was given',
    topics: ['revoke'],
    send: () => ({ to: 'POST /v2/auth/revoke', multipart: { token: 'made-up' } }),
    expect: { status: 200, body: '' },
  }),
  row({
    title: 'revoking with a NUL in the client id',
    topics: ['revoke', 'errorShapes'],
    send: () => ({ to: 'POST /v2/auth/revoke', multipart: { client_id: 'rushes-agent-\0', token: 'made-up' } }),
    expect: { status: 400, body: { error: 'invalid_request' } },
  }),
  row({
    title: 'revoking nothing at all',
    topics: ['revoke'],
    send: () => ({ to: 'POST /v2/auth/revoke' }),
    expect: { status: 200, body: '' },
  }),
  row({
    title: 'revoking the token of another device',
    topics: ['revoke'],
    given: (at) => at.newDevice(),
    send: (at, { accessToken }) => ({
      to: 'POST /v2/auth/revoke',
      multipart: { client_id: at.device.clientId, token: accessToken },
    }),
    expect: { status: 200, body: '' },
    after: async (at, device) => expect(await statusOf(at, me(device))).toBe(200),
  }),
]
