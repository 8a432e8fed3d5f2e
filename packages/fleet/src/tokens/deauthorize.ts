import { devices, tokenFamilies, tokenPairs } from '@rushes/db'
import { and, eq, isNull, or } from 'drizzle-orm'
import { recordAudit } from '../audit/record.ts'
import type { Clocked } from '../context.ts'
import { announceDeviceChange } from '../devices/announce-change.ts'
import { endPairing } from './end-pairing.ts'
import { identifyClient } from './identify-client.ts'
import { sha256Hex } from './secrets.ts'

export type DeauthorizeOutcome =
  | { kind: 'deauthorized'; deviceId: string }
  /** Nothing to do: no live token of this client. Answered as a success (RFC 7009). */
  | { kind: 'tokenUnknown' }
  | { kind: 'clientUnknown' }

/**
 * The device gives up its pairing: all its tokens and its control-link secret end, and its unfinished clips are closed.
 * A token of a pairing that was replaced since changes nothing.
 */
export async function deauthorizeDevice(
  { db, now }: Clocked,
  input: { clientId: string | null; clientSecret: string | null; token: string },
): Promise<DeauthorizeOutcome> {
  const model = input.clientId === null ? null : await identifyClient({ db }, { ...input, clientId: input.clientId })
  if (input.clientId !== null && model === null) return { kind: 'clientUnknown' }
  const digest = sha256Hex(input.token)
  return db.transaction(async (tx) => {
    const [found] = await tx
      .select({
        device: { id: devices.id, name: devices.name, projectId: devices.projectId },
      })
      .from(devices)
      .innerJoin(tokenFamilies, eq(tokenFamilies.deviceId, devices.id))
      .innerJoin(tokenPairs, eq(tokenPairs.familyId, tokenFamilies.id))
      .where(
        and(
          or(eq(tokenPairs.accessSha256, digest), eq(tokenPairs.refreshSha256, digest)),
          isNull(tokenPairs.supersededAt),
          isNull(tokenFamilies.revokedAt),
          input.clientId === null ? undefined : eq(devices.clientId, input.clientId),
          model === null ? undefined : eq(devices.modelId, model.id),
        ),
      )
      .for('no key update', { of: devices })
    if (found === undefined) return { kind: 'tokenUnknown' }
    await endPairing(
      { db: tx, now },
      {
        deviceId: found.device.id,
        because: 'deauthorized',
        detail: 'The device gave up its pairing before the clip was whole',
      },
    )
    const { device } = found
    await recordAudit(
      { db: tx, now, actor: { kind: 'device', id: device.id, name: device.name } },
      {
        action: 'device.deauthorize',
        target: { kind: 'device', id: device.id, name: device.name },
        deviceId: device.id,
        projectId: device.projectId,
      },
    )
    await announceDeviceChange(tx, { deviceIds: [device.id] })
    return { kind: 'deauthorized', deviceId: device.id }
  })
}
