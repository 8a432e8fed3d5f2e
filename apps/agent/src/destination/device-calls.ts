import { type DeviceIdentity, deviceIdentity } from '@rushes/protocol'
import { call, parsed } from './call.ts'
import type { Destination, DestinationIdentity, DestinationSettings } from './port.ts'

/** Who the device is, and whether the destination is there. */
export function deviceCalls(
  settings: DestinationSettings,
  baseUrl: URL,
  isOurs: boolean,
): Pick<Destination, 'me' | 'heartbeat' | 'health'> {
  return {
    me: async (accessToken, signal) => {
      const answer = await call(settings, baseUrl, { method: 'GET', path: '/v2/devices/me', accessToken }, signal)
      if (answer.kind !== 'answered') return answer
      const reply = parsed(deviceIdentity, answer)
      return reply.kind === 'parsed' ? { kind: 'identity', identity: identityOf(reply.value, isOurs) } : reply
    },
    heartbeat: async (accessToken, signal) => {
      const answer = await call(
        settings,
        baseUrl,
        { method: 'POST', path: '/v2/devices/heartbeat', accessToken },
        signal,
      )
      return answer.kind === 'answered' ? { kind: 'heard' } : answer
    },
    health: async (signal) => {
      const answer = await call(settings, baseUrl, { method: 'GET', path: '/health' }, signal)
      return answer.kind === 'answered' ? { kind: 'healthy' } : answer
    },
  }
}

function identityOf(wire: DeviceIdentity, isOurs: boolean): DestinationIdentity {
  const fence = isOurs ? wire.rushes : undefined
  return {
    id: wire.id,
    deviceId: wire.device_id ?? null,
    name: wire.name,
    projectId: wire.project_id,
    projectName: wire.project?.name ?? null,
    status: wire.status,
    timezone: wire.timezone ?? null,
    authorizationExpiresAt: wire.authorization?.expires_at ?? null,
    fence:
      fence === undefined
        ? null
        : {
            projectEpoch: fence.project_epoch,
            purgeReceiptRequired: fence.purge_receipt_required,
            pairedAt: fence.paired_at,
          },
  }
}
