import { clipTrash } from '@rushes/db'
import { type SQL, type SQLWrapper, sql } from 'drizzle-orm'

/** Whether the clip of this id is in the trash, or was removed from there. Lists and counts of clips leave those away. */
export const isInTrash = (assetId: SQLWrapper): SQL<boolean> =>
  sql<boolean>`exists (select from ${clipTrash} t where t.asset_id = ${assetId} and t.state <> 'restored')`

/**
 * Whether the bytes of this clip are gone, or may be at any moment. Nothing reads them any more: what is not there because
 * people wanted it away must never be taken for a loss.
 */
export const isGivenUp = (assetId: SQLWrapper): SQL<boolean> =>
  sql<boolean>`exists (select from ${clipTrash} t where t.asset_id = ${assetId} and t.state in ('removing', 'removed'))`
