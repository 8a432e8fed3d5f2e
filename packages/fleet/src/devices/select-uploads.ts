import { assets, type Database, deviceUploads } from '@rushes/db'
import { getTableColumns, sql } from 'drizzle-orm'
import { isInTrash } from '../clips/in-trash.ts'
import { isReportedAsset } from '../custody/unsound-clips.ts'
import type { UploadRow } from './upload-row.ts'

/** Reported uploads with what the destination found of their stored bytes: what `toUploadRow` takes. */
export function selectUploads(db: Database) {
  return db
    .select({ upload: getTableColumns(deviceUploads), mismatchBecause: mismatchBecause() })
    .from(deviceUploads)
    .leftJoin(assets, isReportedAsset())
    .$dynamic()
}

/** Of an upload joined with its asset: what is wrong with the stored bytes, unless they were thrown away. */
export const mismatchBecause = () =>
  sql<UploadRow['mismatchBecause']>`(case when not ${isInTrash(assets.id)} then ${assets.mismatchBecause} end)`
