import { assets } from '@rushes/db'
import type { FailCause } from '@rushes/protocol'
import { and, eq, inArray } from 'drizzle-orm'
import type { Clocked } from '../context.ts'
import { announceDeviceChange } from '../devices/announce-change.ts'

/** Gives a clip up that can never be whole. The device learns it from the next call about it. */
export async function failAsset(
  { db, now }: Clocked,
  input: {
    assetId: string
    because: FailCause
    detail: string
    /** Leaves a clip alone that is being assembled, perhaps by somebody else at this moment. */
    onlyWhileOpen?: boolean
  },
): Promise<{ kind: 'failed' } | { kind: 'alreadyOver' }> {
  return db.transaction(async (tx) => {
    const [failed] = await tx
      .update(assets)
      .set({ state: 'failed', endedBecause: input.because, endedDetail: input.detail, updatedAt: now })
      .where(
        and(
          eq(assets.id, input.assetId),
          inArray(assets.state, input.onlyWhileOpen === true ? ['created'] : ['created', 'assembling']),
        ),
      )
      .returning({ deviceId: assets.deviceId, projectId: assets.projectId })
    if (failed === undefined) return { kind: 'alreadyOver' }
    await announceDeviceChange(tx, { deviceIds: [failed.deviceId], projectIds: [failed.projectId] })
    return { kind: 'failed' }
  })
}
