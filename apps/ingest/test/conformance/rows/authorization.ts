import { forgetDevice, setAuthorizationExpiry } from '@rushes/fleet'
import { c2cErrors } from '@rushes/protocol'
import { expect } from 'vitest'
import { createFixed, mib, putPart, someBytes, statusOf } from '../../support/clips.ts'
import { startPut } from '../../support/start-put.ts'
import { until } from '../../support/until.ts'
import { exchange, type Row, row, type Sent } from '../row.ts'
import type { World } from '../world.ts'

const calls: Sent[] = [
  { to: 'GET /v2/devices/me' },
  { to: 'POST /v2/devices/heartbeat' },
  { to: 'POST /v2/devices/assets', json: {} },
  { to: 'POST /v2/assets', json: {} },
  { to: 'GET /v2/devices/assets' },
  { to: `GET /v2/devices/assets/${crypto.randomUUID()}` },
  { to: `PUT /v2/devices/assets/${crypto.randomUUID()}/custody`, json: {} },
  { to: `POST /v2/devices/assets/${crypto.randomUUID()}/realtime_upload/parts`, json: {} },
  { to: `POST /v2/assets/${crypto.randomUUID()}/realtime_upload/parts`, json: {} },
  { to: 'PUT /v2/devices/purge-receipts/1', json: {} },
]
const credentials: [string, Record<string, string>][] = [
  ['no token', {}],
  ['a token that nobody was given', { authorization: 'Bearer made-up' }],
  ['another scheme', { authorization: 'Basic YTpi' }],
]
const notAuthorized = { status: 401, body: c2cErrors.notAuthorized }

/** A device with a part on its way. */
async function sending(at: World) {
  const device = await at.newDevice()
  const bytes = someBytes(6 * mib)
  const { id, urls } = await createFixed(device, bytes, { name: 'on-its-way.mp4' })
  const { request, status } = startPut(urls[0] ?? '', bytes.length)
  await new Promise((resolve) => request.write(bytes.subarray(0, mib), resolve))
  return { device, id, request, status, url: urls[0] ?? '' }
}
type Sending = Awaited<ReturnType<typeof sending>>

/** The part that was on its way is answered though its body has not come, and its URL is dead. */
async function endsAtOnce(at: World, { request, status, url, id }: Sending, because: string) {
  // What a bucket takes in at this moment, ingest cannot stop; from then on nothing goes in any more.
  if (at.ingest.bucket === null) expect(await status).toBe(404)
  request.destroy()
  await until('its URL is dead', async () => (await putPart(url, someBytes(6 * mib))).status === 404)
  const late = await exchange(at, {
    to: `PUT ${url}`,
    raw: someBytes(6 * mib),
    headers: { 'content-type': 'video/mp4', 'x-amz-acl': 'private' },
  })
  expect([late.status, late.text]).toEqual([404, expect.stringContaining('NoSuchUpload')])
  expect(await at.one('select state, ended_because from assets where id = $1', [id])).toEqual({
    state: 'closed',
    ended_because: because,
  })
}

export const authorizationRows: Row[] = [
  ...credentials.flatMap(([what, headers]) =>
    calls.map((call) =>
      row({
        title: `${call.to.replace(/[0-9a-f-]{36}/, '{id}')} with ${what}`,
        topics: ['authorization', 'errorShapes', 'codeIsStatus'],
        send: () => ({ ...call, headers }),
        expect: notAuthorized,
      }),
    ),
  ),
  row({
    title: 'a refresh token is no access token',
    topics: ['authorization'],
    send: ({ device }) => ({
      to: 'GET /v2/devices/me',
      headers: { authorization: `Bearer ${device.refreshToken}` },
    }),
    expect: notAuthorized,
  }),
  row({
    title: 'a device that was forgotten, with a part on its way',
    topics: ['authorizationEnd', 'authorization'],
    given: async (at) => {
      const given = await sending(at)
      expect((await forgetDevice(at.acting(), { deviceId: given.device.id })).kind).toBe('forgotten')
      return given
    },
    send: (_at, { device }) => ({ to: 'GET /v2/devices/me', as: device }),
    expect: notAuthorized,
    after: (at, given) => endsAtOnce(at, given, 'forgotten'),
  }),
  row({
    title: 'a device whose authorization has ended, with a part on its way',
    topics: ['authorizationEnd', 'authorization', 'identity'],
    given: async (at) => {
      const given = await sending(at)
      const expiresAt = new Date('2100-01-01T00:00:00Z')
      await setAuthorizationExpiry(at.acting(), { deviceId: given.device.id, expiresAt })
      const me = await exchange(at, { to: 'GET /v2/devices/me', as: given.device })
      expect(me.body).toMatchObject({ authorization: { expires_at: '2100-01-01T00:00:00.000Z' } })
      await setAuthorizationExpiry(at.acting(), { deviceId: given.device.id, expiresAt: new Date() })
      return given
    },
    send: (_at, { device }) => ({ to: 'GET /v2/devices/me', as: device }),
    expect: notAuthorized,
    after: (at, given) => endsAtOnce(at, given, 'authorizationExpired'),
  }),
  row({
    title: 'the clip of another device',
    topics: ['authorization', 'noEmulator'],
    given: async (at) => createFixed(await at.newDevice(), someBytes(10)),
    send: ({ device }, { id }) => ({ to: `GET /v2/devices/assets/${id}`, as: device }),
    expect: { status: 404, body: c2cErrors.notFound },
    after: async (at, { id }) => {
      const parts = { parts: [{ number: 1, size: 5, is_final: true }], asset_filesize: 5 }
      const digests = { parts: [{ number: 1, offset: 0, size: 10, xxh64: 'ef46db3751d8e999' }] }
      const to = `/v2/devices/assets/${id}`
      const as = at.device
      expect((await exchange(at, { to: `POST ${to}/realtime_upload/parts`, as, json: parts })).status).toBe(404)
      expect((await exchange(at, { to: `PUT ${to}/custody`, as, json: digests })).status).toBe(404)
      await expect(statusOf(as, id)).rejects.toThrow()
    },
  }),
]
