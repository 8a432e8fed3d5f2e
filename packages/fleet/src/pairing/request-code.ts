import { randomInt } from 'node:crypto'
import { type Database, devices, pairingRequests } from '@rushes/db'
import { deviceScope, pairingCodeLifetimeMs } from '@rushes/protocol'
import { and, count, eq, gt, lt } from 'drizzle-orm'
import { wake } from '../bus/wake.ts'
import type { Clocked } from '../context.ts'
import { type ClientModel, identifyClient } from '../tokens/identify-client.ts'
import { newOpaqueToken, sha256Hex } from '../tokens/secrets.ts'
import { maxPendingPerAddress, pollIntervalSeconds, staleAfterMs } from './limits.ts'

export type RequestCodeInput = {
  clientId: string
  clientSecret: string | null
  scope: string
  /** What the device calls itself; its model and client id when absent. */
  deviceName: string | null
  /** Uploads go to this other server: the pairing is for the control link alone. */
  uploadTo: string | null
  firmwareVersion: string | null
  remoteAddress: string | null
}

export type RequestCodeOutcome =
  | {
      kind: 'requested'
      /** For the device alone. */
      deviceCode: string
      /** Six digits for a person to type. */
      userCode: string
      deviceName: string
      expiresInSeconds: number
      intervalSeconds: number
    }
  | { kind: 'clientUnknown' }
  | { kind: 'scopeInvalid' }
  /** Too many requests from this address wait for an answer. */
  | { kind: 'tooManyPending' }

/** A device asks to be let in (RFC 8628): it shows the user code and polls with the device code until a person answers. */
export async function requestPairingCode({ db, now }: Clocked, input: RequestCodeInput): Promise<RequestCodeOutcome> {
  const model = await identifyClient({ db }, input)
  if (model === null) return { kind: 'clientUnknown' }
  if (!isDeviceScope(input.scope)) return { kind: 'scopeInvalid' }
  const deviceCode = newOpaqueToken()
  const request = {
    deviceCodeSha256: sha256Hex(deviceCode),
    modelId: model.id,
    clientId: input.clientId,
    deviceName: await nameFor(db, model, input),
    uploadTo: input.uploadTo,
    firmwareVersion: input.firmwareVersion,
    remoteAddress: input.remoteAddress,
    intervalSeconds: pollIntervalSeconds,
    createdAt: now,
    expiresAt: new Date(now.getTime() + pairingCodeLifetimeMs),
  }
  return db.transaction(async (tx) => {
    const isPending = eq(pairingRequests.state, 'pending')
    await tx
      .delete(pairingRequests)
      .where(and(isPending, lt(pairingRequests.expiresAt, new Date(now.getTime() - staleAfterMs))))
    if (input.remoteAddress !== null) {
      const [pending] = await tx
        .select({ count: count() })
        .from(pairingRequests)
        .where(
          and(isPending, gt(pairingRequests.expiresAt, now), eq(pairingRequests.remoteAddress, input.remoteAddress)),
        )
      if ((pending?.count ?? 0) >= maxPendingPerAddress) return { kind: 'tooManyPending' }
    }
    // The index holds each code among those not answered once; with a million codes the first draw nearly always is free.
    for (let draw = 0; draw < 20; draw++) {
      const userCode = String(randomInt(1_000_000)).padStart(6, '0')
      const inserted = await tx
        .insert(pairingRequests)
        .values({ ...request, userCode })
        .onConflictDoNothing()
        .returning({ id: pairingRequests.id })
      if (inserted.length === 0) continue
      await wake(tx, { pairing: true })
      return {
        kind: 'requested',
        deviceCode,
        userCode,
        deviceName: request.deviceName,
        expiresInSeconds: pairingCodeLifetimeMs / 1000,
        intervalSeconds: pollIntervalSeconds,
      }
    }
    return { kind: 'tooManyPending' }
  })
}

/** The one scope of a capture device; the order of its words means nothing (RFC 6749 §3.3). */
function isDeviceScope(scope: string): boolean {
  const words = (text: string) => text.split(' ').filter(Boolean).sort().join(' ')
  return words(scope) === words(deviceScope)
}

/** A device that was here before keeps the name that people know it by. */
async function nameFor(db: Database, model: ClientModel, input: RequestCodeInput): Promise<string> {
  const [known] = await db
    .select({ name: devices.name })
    .from(devices)
    .where(and(eq(devices.modelId, model.id), eq(devices.clientId, input.clientId)))
  const said = input.deviceName?.replace(/\p{Cc}/gu, ' ').trim() ?? ''
  return known?.name ?? [...(said === '' ? `${model.name}-${input.clientId}` : said)].slice(0, 120).join('')
}
