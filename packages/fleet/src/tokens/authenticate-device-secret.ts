import { devices } from '@rushes/db'
import { and, eq, isNull, or } from 'drizzle-orm'
import type { Clocked } from '../context.ts'
import { sha256Hex } from './secrets.ts'

export type SecretDevice = {
  id: string
  modelId: string
  clientId: string
  name: string
  projectId: string | null
  projectEpoch: number
}

export type AuthenticateDeviceSecretOutcome =
  | { kind: 'authenticated'; device: SecretDevice }
  /** Unknown, rotated away, of a device that was revoked, or whose authorization has ended. */
  | { kind: 'refused' }

/** Whose control-link secret this is. The first use of a rotated secret ends the one before it. */
export async function authenticateDeviceSecret(
  { db, now }: Clocked,
  input: { deviceSecret: string },
): Promise<AuthenticateDeviceSecretOutcome> {
  const digest = sha256Hex(input.deviceSecret)
  const [found] = await db
    .select({
      secretSha256: devices.secretSha256,
      previousSecretSha256: devices.previousSecretSha256,
      authorizationExpiresAt: devices.authorizationExpiresAt,
      device: {
        id: devices.id,
        modelId: devices.modelId,
        clientId: devices.clientId,
        name: devices.name,
        projectId: devices.projectId,
        projectEpoch: devices.projectEpoch,
      },
    })
    .from(devices)
    .where(
      and(or(eq(devices.secretSha256, digest), eq(devices.previousSecretSha256, digest)), isNull(devices.revokedAt)),
    )
  if (found === undefined) return { kind: 'refused' }
  if (found.authorizationExpiresAt !== null && found.authorizationExpiresAt <= now) return { kind: 'refused' }
  if (found.secretSha256 === digest && found.previousSecretSha256 !== null) {
    await db
      .update(devices)
      .set({ previousSecretSha256: null })
      .where(and(eq(devices.id, found.device.id), eq(devices.secretSha256, digest)))
  }
  return { kind: 'authenticated', device: found.device }
}
