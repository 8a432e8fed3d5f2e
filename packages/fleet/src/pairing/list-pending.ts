import { deviceModels, devices, pairingRequests } from '@rushes/db'
import { and, asc, eq, gt } from 'drizzle-orm'
import type { Clocked } from '../context.ts'

/** A device that waits to be let in. Its code is left out on purpose: typing it proves that one stands before the device. */
export type PendingPairing = {
  id: string
  deviceName: string
  modelName: string
  clientId: string
  uploadTo: string | null
  firmwareVersion: string | null
  remoteAddress: string | null
  createdAt: Date
  expiresAt: Date
  /** The device that this would pair again. */
  knownDeviceId: string | null
}

/** The devices that wait for an answer, oldest first. */
export async function listPendingPairings({ db, now }: Clocked): Promise<PendingPairing[]> {
  return db
    .select({
      id: pairingRequests.id,
      deviceName: pairingRequests.deviceName,
      modelName: deviceModels.name,
      clientId: pairingRequests.clientId,
      uploadTo: pairingRequests.uploadTo,
      firmwareVersion: pairingRequests.firmwareVersion,
      remoteAddress: pairingRequests.remoteAddress,
      createdAt: pairingRequests.createdAt,
      expiresAt: pairingRequests.expiresAt,
      knownDeviceId: devices.id,
    })
    .from(pairingRequests)
    .innerJoin(deviceModels, eq(deviceModels.id, pairingRequests.modelId))
    .leftJoin(
      devices,
      and(eq(devices.modelId, pairingRequests.modelId), eq(devices.clientId, pairingRequests.clientId)),
    )
    .where(and(eq(pairingRequests.state, 'pending'), gt(pairingRequests.expiresAt, now)))
    .orderBy(asc(pairingRequests.createdAt))
    .limit(200)
}
