import { assets } from '@rushes/db'
import { eq } from 'drizzle-orm'
import { recordAudit } from '../audit/record.ts'
import type { Acting } from '../context.ts'
import { announceDeviceChange } from '../devices/announce-change.ts'

export type RenameClipOutcome =
  | { kind: 'renamed'; name: string }
  | { kind: 'clipUnknown' }
  /** Empty, longer than 255 characters, or with control characters. */
  | { kind: 'clipNameInvalid' }

/**
 * Gives a clip another name. From then on the device's own naming of a clip that still grows is passed over. A file that is
 * stored keeps its place; one that is not whole yet gets the new name.
 */
export async function renameClip(
  context: Acting,
  input: { assetId: string; name: string },
): Promise<RenameClipOutcome> {
  const name = input.name.trim()
  if (name.length < 1 || name.length > 255 || /\p{Cc}/u.test(name) || !name.isWellFormed())
    return { kind: 'clipNameInvalid' }
  return context.db.transaction(async (tx): Promise<RenameClipOutcome> => {
    const [asset] = await tx
      .select({ id: assets.id, name: assets.name, deviceId: assets.deviceId, projectId: assets.projectId })
      .from(assets)
      .where(eq(assets.id, input.assetId))
      .for('no key update')
    if (asset === undefined) return { kind: 'clipUnknown' }
    await tx.update(assets).set({ name, nameIsDefault: false, updatedAt: context.now }).where(eq(assets.id, asset.id))
    await recordAudit(
      { ...context, db: tx },
      {
        action: 'clip.rename',
        target: { kind: 'clip', id: asset.id, name },
        deviceId: asset.deviceId,
        projectId: asset.projectId,
        before: { name: asset.name },
        after: { name },
      },
    )
    await announceDeviceChange(tx, { deviceIds: [asset.deviceId], projectIds: [asset.projectId] })
    return { kind: 'renamed', name }
  })
}
