import { getDevice } from '@rushes/fleet'
import { expect } from 'vitest'
import { exchange, type Row, row, type Sent } from '../row.ts'
import type { World } from '../world.ts'
import { signedParts } from './signed-parts.ts'

const uuid = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/)
const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
const denied = [
  ...['account_read', 'auditlog_read', 'device_connect', 'team_create', 'team_read', 'team_update'],
  ...['asset_delete', 'asset_read', 'asset_update'],
  ...['action', 'comment', 'presentation', 'project', 'reviewlink', 'webhook'].flatMap((what) =>
    ['create', 'delete', 'read', 'update'].map((verb) => `${what}_${verb}`),
  ),
]

const identity = ({ ingest, device }: World) => ({
  _type: 'project_device',
  id: device.id,
  asset_type: 'video',
  creator_id: uuid,
  device_id: device.id,
  inserted_at: instant,
  updated_at: instant,
  deleted_at: null,
  last_seen_at: instant,
  last_known_firmware_version: '2.0.0',
  name: 'A-Cam',
  project_id: ingest.projectId,
  project: { _type: 'project', id: ingest.projectId, name: 'Harbour Nights' },
  status: 'online',
  timezone: 'UTC',
  authorization: {
    _type: 'project_device_authorization',
    id: uuid,
    creator: { _type: 'user', id: uuid, name: 'Ana' },
    creator_id: uuid,
    expires_at: null,
    inserted_at: instant,
    project_device_id: device.id,
    scopes: {
      id: uuid,
      asset_create: true,
      offline: true,
      ...Object.fromEntries(denied.map((name) => [name, false])),
    },
  },
  channels: [
    {
      _type: 'project_device_channel',
      id: uuid,
      actor_id: null,
      asset_type: 'video',
      device_id: device.id,
      external_index: 0,
      inserted_at: instant,
      updated_at: instant,
      name: 'A-Cam',
      project_device_id: device.id,
      project_id: ingest.projectId,
      real_time_logging_capable: false,
      status: 'online',
    },
  ],
  rushes: { project_epoch: 1, purge_receipt_required: false, paired_at: instant },
})

const heartbeat = (what: string, sent: Partial<Sent>) =>
  row({
    title: `a heartbeat with ${what}`,
    topics: ['heartbeat'],
    send: ({ device }) => ({ to: 'POST /v2/devices/heartbeat', as: device, ...sent }),
    expect: { status: 204, body: '' },
  })

const firmwareOf = (at: World, id: string) => at.one('select firmware_version from devices where id = $1', [id])
const lastCall = (at: World, id: string) => at.one('select last_call_at from devices where id = $1', [id])

export const identityRows: Row[] = [
  row({
    title: 'who, where and since when, with every documented field',
    topics: ['identity'],
    send: ({ device }) => ({ to: 'GET /v2/devices/me', as: device, headers: { 'x-client-version': '2.0.0' } }),
    expect: { status: 200, body: identity },
  }),
  ...[
    ['3.1.4', '3.1.4'],
    ['newest', '3.1.4'],
    ['4.0.0-beta.1', '4.0.0-beta.1'],
    [`1.0.0${'9'.repeat(200)}`, '4.0.0-beta.1'],
  ].map(([sent = '', kept]) =>
    row({
      title: `a call that says it is version ${sent.slice(0, 20)} leaves ${kept} as firmware`,
      topics: ['clientVersion'],
      send: ({ device }) => ({
        to: 'POST /v2/devices/heartbeat',
        as: device,
        headers: { 'x-client-version': sent },
      }),
      expect: { status: 204 },
      after: async (at) => {
        expect(await firmwareOf(at, at.device.id)).toEqual({ firmware_version: kept })
        // What the page of the device shows of one that has no control link to say it by.
        const shown = await getDevice(at.acting(), { deviceId: at.device.id })
        expect(shown).toMatchObject({ device: { row: { agentVersion: kept } } })
      },
    }),
  ),
  heartbeat('no body', {}),
  heartbeat('a content type and nothing more', { raw: '', headers: { 'content-type': 'application/json' } }),
  heartbeat('an empty object', { json: {} }),
  heartbeat('a body that nobody asked for', { raw: 'ping', headers: { 'content-type': 'text/plain' } }),
  row({
    title: 'a part after five quiet minutes, which does not count as a sign of life',
    topics: ['putsAreNoCalls', 'heartbeat'],
    given: async (at) => {
      const clip = await signedParts.small(at)
      const quiet = "update devices set last_call_at = now() - interval '5 minutes' where id = $1"
      await at.ingest.database.pool.query(quiet, [at.device.id])
      return { ...clip, before: await lastCall(at, at.device.id) }
    },
    send: (_at, { url, bytes }) => signedParts.put(url, bytes),
    expect: { status: 200 },
    after: async (at, { before }) => {
      expect(await lastCall(at, at.device.id)).toEqual(before)
      await exchange(at, { to: 'POST /v2/devices/heartbeat', as: at.device })
      expect(await lastCall(at, at.device.id)).not.toEqual(before)
    },
  }),
]
