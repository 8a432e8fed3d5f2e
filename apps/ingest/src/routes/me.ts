import { type IdentifiedDevice, identifyDevice } from '@rushes/fleet'
import { c2cErrors, type DeviceIdentity, deviceScope } from '@rushes/protocol'
import type { FastifyInstance } from 'fastify'
import type { IngestContext } from '../context.ts'
import { refuse } from '../http/reply-errors.ts'
import { stableUuid } from '../http/stable-uuid.ts'
import { withDevice } from '../http/with-device.ts'

/** `GET /v2/devices/me`: who the device is and which project it belongs to. Reading it opens the fence half-way. */
export function meRoute(app: FastifyInstance, context: IngestContext): void {
  app.get(
    '/v2/devices/me',
    withDevice(context, 'read', async (device, _request, reply) => {
      const { id: deviceId, projectEpoch } = device
      const identified = await context.call((clocked) => identifyDevice(clocked, { deviceId, projectEpoch }))
      if (identified === null) return refuse(reply, c2cErrors.notAuthorized)
      return reply.send(identityBody(identified, context.clock()))
    }),
  )
}

/** Everything that an authorization of the documented API may hold; a device has two of them. */
const scopeNames = [
  'account_read',
  ...crud('action'),
  ...crud('asset'),
  'auditlog_read',
  ...crud('comment'),
  'device_connect',
  'offline',
  ...crud('presentation'),
  ...crud('project'),
  ...crud('reviewlink'),
  'team_create',
  'team_read',
  'team_update',
  ...crud('webhook'),
]
const granted = new Set(deviceScope.split(' '))
const deviceScopes = Object.fromEntries(scopeNames.map((name) => [name, granted.has(name)]))

function crud(what: string): string[] {
  return ['create', 'delete', 'read', 'update'].map((verb) => `${what}_${verb}`)
}

/** The documented body. A device in a project is one thing here, so `id` and `device_id` are the same. */
function identityBody(device: IdentifiedDevice, now: Date) {
  const { id, name, project } = device
  const creator = { _type: 'user', id: stableUuid(`person ${device.pairedBy}`), name: device.pairedBy }
  const insertedAt = device.createdAt.toISOString()
  const updatedAt = device.changedAt.toISOString()
  const authorizationId = stableUuid(`authorization ${id}`)
  // `paused` is of the whole device. Of one channel the documents have no word: its status is online or offline, and a create on it
  // is told.
  const status: DeviceIdentity['status'] = device.isPaused ? 'paused' : 'online' // it is calling, so it is not offline
  const body = {
    _type: 'project_device',
    id,
    asset_type: 'video',
    creator_id: creator.id,
    device_id: id,
    inserted_at: insertedAt,
    updated_at: updatedAt,
    deleted_at: null,
    last_seen_at: (device.lastCallAt ?? now).toISOString(),
    last_known_firmware_version: device.firmwareVersion ?? '0.0.0',
    name,
    project_id: project?.id ?? null,
    project: project === null ? null : { _type: 'project', id: project.id, name: project.name },
    status,
    timezone: device.timezone,
    authorization: {
      _type: 'project_device_authorization',
      id: authorizationId,
      creator,
      creator_id: creator.id,
      expires_at: device.authorizationExpiresAt?.toISOString() ?? null,
      inserted_at: insertedAt,
      project_device_id: id,
      scopes: { id: stableUuid(`scopes ${id}`), ...deviceScopes },
    },
    channels: [
      {
        _type: 'project_device_channel',
        id: stableUuid(`channel 0 ${id}`),
        actor_id: null,
        asset_type: 'video',
        device_id: id,
        external_index: 0,
        inserted_at: insertedAt,
        updated_at: updatedAt,
        name,
        project_device_id: id,
        project_id: project?.id ?? null,
        real_time_logging_capable: false,
        status: 'online',
      },
    ],
    rushes: {
      project_epoch: device.projectEpoch,
      purge_receipt_required: device.purgeReceiptRequired,
      paired_at: device.inProjectSince.toISOString(),
    },
  }
  return body satisfies DeviceIdentity
}
