import { readBootId } from '../../src/boot-id.ts'
import { storeUploadLink } from '../../src/queue/links.ts'
import { takeIdentity } from '../../src/queue/move-project.ts'
import { openQueue, type Queue } from '../../src/queue/open-queue.ts'
import { hashText } from '../../src/xxh64.ts'

/** The queue of a state folder, paired with a foreign server. */
export function pairedQueue(stateDir: string, serverUrl: string): Queue {
  const queue = openQueue({ stateDir, bootId: readBootId() })
  storeUploadLink(queue, {
    ...{ serverUrl, isOurs: false, clientId: 'bench', clientSecret: null },
    ...{ accessToken: 'access', accessExpiresAt: Date.now() + 8 * 3_600_000, refreshToken: 'refresh' },
  })
  const identity = { id: 'pd-1', deviceId: 'd-1', name: 'Bench', projectId: 'project-1', projectName: 'Bench' }
  takeIdentity(
    queue,
    { ...identity, status: 'online', timezone: 'UTC', authorizationExpiresAt: null, fence: null },
    hashText,
  )
  return queue
}

/** Fills a queue with rows as months of work leave them: nearly all uploaded, some queued. In one statement each: it is not what is measured. */
export function fill(queue: Queue, rows: { uploaded: number; queued: number }): void {
  const total = rows.uploaded + rows.queued
  queue.db.exec(`BEGIN;
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${total})
    INSERT INTO files (path, watch_folder, volume_id, inode, inode_is_stable, size_bytes, modified_us, identity_key, stat_key)
      SELECT '/media/card/CLIP/C' || i || '.MXF', '/media/card', 'uuid:bench', i, 1, 100000, i, 'key-' || i, 'stat-' || i FROM n;
    INSERT INTO uploads (id, project_id, file_id, name, mime_type, size_bytes, captured_at, state, step, asset_id, urls_issued_at,
        parts_total, parts_done, bytes_acknowledged, create_key, created_at, updated_at, file_xxh64, file_digested_at)
      SELECT lower(hex(randomblob(16))), 'project-1', id, 'C' || id || '.MXF', 'application/mxf', size_bytes, id,
        iif(id <= ${rows.uploaded}, 'uploaded', 'queued'), iif(id <= ${rows.uploaded}, 'parts', 'register'),
        iif(id <= ${rows.uploaded}, 'asset-' || id, NULL), iif(id <= ${rows.uploaded}, 1, NULL),
        id <= ${rows.uploaded}, id <= ${rows.uploaded}, iif(id <= ${rows.uploaded}, size_bytes, 0), 'create-' || id, id, id,
        iif(id <= ${rows.uploaded}, '0123456789abcdef', NULL), iif(id <= ${rows.uploaded}, id, NULL)
      FROM files;
    COMMIT;`)
}
