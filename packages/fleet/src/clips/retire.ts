import { assets, clipTrash, projects } from '@rushes/db'
import { and, asc, eq, isNotNull, ne, not, sql } from 'drizzle-orm'
import type { Actor, Clocked } from '../context.ts'
import { giveUp } from './give-up.ts'
import { isInTrash } from './in-trash.ts'
import { putIntoTrash } from './put-into-trash.ts'

const retention: Actor = { kind: 'system', id: null, name: 'Retention' }

/** Gives up what has been in the trash for as long as its project keeps it there; at most `limit` clips. @returns how many */
export async function giveUpOverdue(clocked: Clocked, input: { limit: number }): Promise<number> {
  const { now } = clocked
  const days = sql`(select ${projects.trashDays} from ${projects} where ${projects.id} = ${clipTrash.projectId})`
  const given = await giveUp(
    { ...clocked, actor: retention },
    {
      which: sql`${clipTrash.trashedAt} <= ${now.toISOString()}::timestamptz - make_interval(days => ${days})`,
      limit: input.limit,
      reason: 'The days that this project keeps its trash are over',
    },
  )
  return given.length
}

/**
 * Puts clips into the trash that are older than their project keeps them, counted from their arrival or from when somebody
 * last restored them; at most `limit`. Those that are being verified wait until that is done. @returns how many
 */
export async function trashAged(clocked: Clocked, input: { limit: number }): Promise<number> {
  const { db, now } = clocked
  return db.transaction(async (tx) => {
    const keptSince = sql`coalesce((select t.restored_at from ${clipTrash} t where t.asset_id = ${assets.id}), ${assets.availableAt})`
    const aged = await tx
      .select({
        assetId: assets.id,
        name: assets.name,
        deviceId: assets.deviceId,
        projectId: assets.projectId,
        sizeBytes: assets.filesizeBytes,
      })
      .from(assets)
      .innerJoin(projects, eq(projects.id, assets.projectId))
      .where(
        and(
          isNotNull(projects.clipDays),
          eq(assets.state, 'available'),
          ne(assets.custody, 'pending'),
          sql`${keptSince} <= ${now.toISOString()}::timestamptz - make_interval(days => ${projects.clipDays})`,
          not(isInTrash(assets.id)),
        ),
      )
      .orderBy(asc(assets.id))
      .limit(input.limit)
      .for('no key update', { of: assets, skipLocked: true })
    await putIntoTrash({ db: tx, now, actor: retention }, aged, 'Older than the days that this project keeps its clips')
    return aged.length
  })
}
