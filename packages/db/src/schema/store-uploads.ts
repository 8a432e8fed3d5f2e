import { sql } from 'drizzle-orm'
import { index, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { assets } from './assets.ts'
import { instant } from './instant.ts'

/**
 * The multipart upload of a clip whose parts go straight to a bucket. The row is there before the upload is asked for, so that one
 * whose reply was lost is found again by the key of its clip, and goes only when nothing of the upload is left in the bucket.
 */
export const storeUploads = pgTable(
  'store_uploads',
  {
    assetId: uuid('asset_id')
      .primaryKey()
      .references(() => assets.id, { onDelete: 'cascade' }),
    /** The bucket's id of the upload; null while it is being asked for. */
    uploadId: text('upload_id'),
    openedAt: instant('opened_at').notNull(),
    /** When addresses were last given out, or parts last found: what waits for parts looks less often the longer this is ago. */
    newsAt: instant('news_at').notNull(),
    /** When the bucket is to be asked next which parts it has. */
    lookAt: instant('look_at').notNull(),
  },
  (t) => [index('store_uploads_look').on(t.lookAt).where(sql`${t.uploadId} is not null`)],
)
