import { c2cErrors } from '@rushes/protocol'
import type { Device } from './device.ts'
import { detailedReply, emptyReply, jsonReply, type Reply } from './replies.ts'
import type { ApiRoutes, RouteRequest } from './route.ts'
import type { World } from './world.ts'

/** Runs a call for the device whose access token it carries, or answers 401 as the platform does. */
export function asDevice(world: World, request: RouteRequest, act: (device: Device) => Reply): Reply {
  const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? ''
  for (const device of world.devices) {
    const used = device.tokens.useAccess(token)
    if (used !== null && used.projectEpoch === device.projectEpoch) return act(device)
  }
  return detailedReply(c2cErrors.notAuthorized)
}

export const deviceRoutes: ApiRoutes = {
  discovery: (world, { origin }) =>
    world.isOurs
      ? jsonReply(200, {
          rushes: 1,
          ingestUrl: origin,
          publicUrl: world.options.publicUrl ?? origin,
          agentUrl: world.options.agentUrl ?? `${origin.replace(/^http/, 'ws')}/agent`,
        })
      : detailedReply(c2cErrors.notFound),

  health: () => jsonReply(200, { ok: true }),

  heartbeat: (world, request) => asDevice(world, request, () => emptyReply(204)),

  me: (world, request) =>
    asDevice(world, request, (device) => {
      device.meReadEpoch = device.projectEpoch
      return jsonReply(200, identity(world, device, String(request.headers['x-client-version'] ?? '0.0.0')))
    }),
}

function identity(world: World, device: Device, firmwareVersion: string): object {
  const at = device.pairedAt.toISOString()
  const { project } = device
  return {
    _type: 'project_device',
    id: `project-${device.id}`,
    asset_type: 'video',
    creator_id: 'user-1',
    device_id: device.id,
    inserted_at: at,
    updated_at: at,
    deleted_at: null,
    last_seen_at: at,
    last_known_firmware_version: firmwareVersion,
    name: device.name,
    project_id: project?.id ?? null,
    project: project === null ? null : { _type: 'project', ...project },
    status: world.isPausedNow ? 'paused' : 'online',
    timezone: 'Europe/Berlin',
    authorization: {
      _type: 'project_device_authorization',
      id: `authorization-${device.id}`,
      creator: { _type: 'user', id: 'user-1', name: 'Ana' },
      creator_id: 'user-1',
      expires_at: null,
      inserted_at: at,
      scopes: { asset_create: true, offline: true },
    },
    channels: [],
    ...(world.isOurs
      ? {
          rushes: {
            project_epoch: device.projectEpoch,
            purge_receipt_required: device.purgeReceiptRequired,
            paired_at: device.inProjectSince.toISOString(),
          },
        }
      : {}),
  }
}
