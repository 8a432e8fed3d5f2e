import { assets, clipMedia, type Database, deviceModels, devices, deviceUploads, projects } from '@rushes/db'
import type { ReasonCode, UploadState } from '@rushes/protocol'
import { type SQL, sql } from 'drizzle-orm'
import { isInTrash } from '../clips/in-trash.ts'

/** One clip wherever it is: on the device, on its way, or at the destination. Ready for JSON. */
export type ClipRow = {
  deviceId: string
  deviceName: string
  /** Null for devices that do not report: then the destination's asset is all there is. */
  uploadId: string | null
  /** Null until registered at our own ingest; and always for a foreign destination. */
  assetId: string | null
  name: string
  /** The path on the device, as the device spells it. */
  path: string | null
  /** Null while a real-time upload has not said it. */
  sizeBytes: number | null
  capturedAt: string | null
  /** The project that the clip belongs to, whatever the device's is now. A foreign one has no name here. */
  project: { id: string; name: string | null } | null
  state: UploadState
  reason: ReasonCode | null
  error: { code: string; message: string } | null
  attempts: number
  partsDone: number
  partsTotal: number
  bytesAcknowledged: number
  /** How many of those have to be sent again. */
  bytesLost: number
  nextAttemptAt: string | null
  /** What our ingest vouches for; null when it has no asset of this clip. */
  custody: 'no' | 'pending' | 'verified' | 'mismatch' | 'sizeChecked' | null
  availableAt: string | null
  /** A small picture of it lies at `/clips/<assetId>/poster`. */
  hasPoster: boolean
  durationSeconds: number | null
  /** When the server last heard of it. */
  receivedAt: string
  /** Since when the device no longer lists it; what it was before stays. */
  vanishedAt: string | null
  isDestinationOurs: boolean
}

/** Columns of `clipRows` that lists are filtered and ordered by. */
export const clip = {
  deviceId: sql`clip.device_id`,
  uploadKey: sql`clip.upload_key`,
  sortAt: sql`clip.sort_at`,
  state: sql`clip.state`,
  reason: sql`clip.reason`,
  projectId: sql`clip.project_id`,
  custody: sql`clip.custody`,
  searchText: sql`clip.search_text`,
}

/**
 * All clips as one relation named `clip`: what devices report, joined with what our ingest holds; and assets that no device
 * reports. Of a device that does report, those are shown only when whole: its unfinished leftovers were superseded by a retry.
 * What lies in the trash is left out.
 */
export function clipRows(): SQL {
  return sql`(
    select u.device_id, u.upload_id, a.id as asset_id, regexp_replace(u.path, '^.*[/\\\\]', '') as name, u.path,
      u.size_bytes, u.captured_at, u.project_id, u.state, u.reason, u.error_code, u.error_message, u.attempts,
      u.parts_done, u.parts_total, u.bytes_acknowledged, u.bytes_lost, u.next_attempt_at, a.custody, a.available_at, u.received_at, u.vanished_at,
      coalesce(u.captured_at, u.received_at) as sort_at, u.upload_id as upload_key,
      lower(concat_ws(' ', u.path, a.name)) as search_text
    from ${deviceUploads} u
    left join ${assets} a on a.id = case when u.asset_id ~ ${uuidPattern} then u.asset_id::uuid end and a.device_id = u.device_id
    where a.id is null or not ${isInTrash(sql`a.id`)}
    union all
    select a.device_id, null, a.id, a.name, a.relative_path, a.filesize_bytes, a.captured_at, a.project_id::text,
      case a.state when 'available' then case when a.custody = 'verified' then 'verified' else 'uploaded' end
        when 'failed' then 'failed' when 'closed' then 'cleared' else 'uploading' end,
      null, a.ended_because, a.ended_detail, 0,
      p.done, p.total, p.bytes, 0, null, a.custody, a.available_at, a.updated_at, null,
      a.captured_at, a.id::text,
      lower(concat_ws(' ', a.relative_path, a.name))
    from ${assets} a
    join ${devices} d on d.id = a.device_id
    join ${deviceModels} m on m.id = d.model_id
    cross join lateral (
      select count(*)::int as total, (count(acknowledged_at))::int as done,
        coalesce(sum(size_bytes) filter (where acknowledged_at is not null), 0) as bytes
      from asset_parts where asset_id = a.id
    ) p
    where not exists (select from ${deviceUploads} u where u.asset_id = a.id::text and u.device_id = a.device_id)
      and (not m.is_our_agent or a.state = 'available')
      and not ${isInTrash(sql`a.id`)}
  ) clip`
}

const uuidPattern = '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'

/** Reads rows of `clipRows` with the names that belong to their ids. */
export async function selectClips(db: Database, tail: SQL): Promise<(ClipRow & { cursor: ClipCursor })[]> {
  const result = await db.execute<RawClip>(sql`
    select clip.*, d.name as device_name, d.upload_to, pr.name as project_name,
      coalesce(media.has_poster, false) as has_poster, media.duration_seconds
    from ${clipRows()}
    join ${devices} d on d.id = clip.device_id
    left join ${projects} pr on pr.id::text = clip.project_id
    left join ${clipMedia} media on media.asset_id = clip.asset_id
    ${tail}`)
  return result.rows.map((row) => ({
    deviceId: row.device_id,
    deviceName: row.device_name,
    uploadId: row.upload_id,
    assetId: row.asset_id,
    name: row.name,
    path: row.path,
    sizeBytes: row.size_bytes === null ? null : Number(row.size_bytes),
    capturedAt: iso(row.captured_at),
    project: row.project_id === null ? null : { id: row.project_id, name: row.project_name },
    state: row.state,
    reason: row.reason,
    error: row.error_code === null ? null : { code: row.error_code, message: row.error_message ?? '' },
    attempts: row.attempts,
    partsDone: row.parts_done,
    partsTotal: row.parts_total,
    bytesAcknowledged: Number(row.bytes_acknowledged),
    bytesLost: Number(row.bytes_lost),
    nextAttemptAt: iso(row.next_attempt_at),
    custody: row.custody,
    availableAt: iso(row.available_at),
    hasPoster: row.has_poster,
    durationSeconds: row.duration_seconds,
    receivedAt: new Date(row.received_at).toISOString(),
    vanishedAt: iso(row.vanished_at),
    isDestinationOurs: row.upload_to === null,
    cursor: { at: new Date(row.sort_at).toISOString(), deviceId: row.device_id, key: row.upload_key },
  }))
}

/** Where a page ended. */
export type ClipCursor = { at: string; deviceId: string; key: string }

const iso = (value: string | Date | null) => (value === null ? null : new Date(value).toISOString())

/** A row as pg gives it: instants as the driver parses them, bigint as text. */
type RawClip = {
  device_id: string
  device_name: string
  upload_to: string | null
  upload_id: string | null
  asset_id: string | null
  name: string
  path: string | null
  size_bytes: string | null
  captured_at: string | Date | null
  project_id: string | null
  project_name: string | null
  state: UploadState
  reason: ReasonCode | null
  error_code: string | null
  error_message: string | null
  attempts: number
  parts_done: number
  parts_total: number
  bytes_acknowledged: string
  bytes_lost: string
  next_attempt_at: string | Date | null
  custody: ClipRow['custody']
  available_at: string | Date | null
  has_poster: boolean
  duration_seconds: number | null
  received_at: string | Date
  vanished_at: string | Date | null
  sort_at: string | Date
  upload_key: string
}
