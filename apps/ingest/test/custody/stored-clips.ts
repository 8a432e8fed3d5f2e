import type { TestDatabase } from '@rushes/db/testing'
import type { ObjectStore } from '../../src/store/port.ts'
import { xxh64Of } from '../support/clips.ts'

type Store = Pick<ObjectStore, 'open' | 'check'>

/** A store in memory that can be spoiled, be away, and hold a reader up. */
export function memoryStore() {
  const objects = new Map<string, Uint8Array>()
  const faults = { isAway: false, isUnmounted: false, unreadableFrom: Number.POSITIVE_INFINITY }
  const reads: string[] = []
  let atChunk: (key: string, at: number) => Promise<void> | void = () => undefined
  const store: Store = {
    async open(key) {
      if (faults.isAway) throw new Error('EHOSTDOWN')
      const bytes = objects.get(key)
      if (bytes === undefined || faults.isUnmounted) return null
      reads.push(key)
      return {
        sizeBytes: bytes.length,
        async *read(start, end) {
          for (let at = start; at < Math.min(end, bytes.length); at += 4) {
            await atChunk(key, at)
            if (at >= faults.unreadableFrom) throw new Error('EIO')
            yield bytes.subarray(at, Math.min(at + 4, end))
          }
        },
        async close() {},
      }
    },
    async check() {
      if (faults.isAway || faults.isUnmounted) throw new Error('EHOSTDOWN')
    },
  }
  return {
    store,
    objects,
    faults,
    reads,
    onChunk(hook: typeof atChunk) {
      atChunk = hook
    },
  }
}

/** Long before any `now` of a test, so that no clip is too young to be read again. */
const availableAt = new Date('2026-01-02T03:04:05Z')

/** Puts clips into the database as ingest would have left them. */
export async function clipsIn({ pool }: TestDatabase) {
  const deviceId = crypto.randomUUID()
  const projectId = crypto.randomUUID()
  await pool.query("insert into projects (id, name) values ($1, 'Harbour Nights')", [projectId])
  await pool.query(
    "insert into device_models (name, is_our_agent) values ('Rushes agent', true) on conflict do nothing",
  )
  await pool.query(
    `insert into devices (id, model_id, client_id, name, project_id, project_epoch)
     select $1::uuid, id, $1::text, 'A-Cam', $2, 1 from device_models limit 1`,
    [deviceId, projectId],
  )
  /** `known`: whose digests of the parts there are. */
  const add = async (bytes: Uint8Array, known: 'device' | 'received' | 'nobody', over: { readAt?: Date } = {}) => {
    const id = crypto.randomUUID()
    await pool.query(
      `insert into assets (id, device_id, project_id, project_epoch, name, filetype, upload_kind, filesize_bytes, captured_at,
         folder, store_key, state, custody, available_at, scrubbed_at)
       values ($1::uuid, $2, $3, 1, 'A001.mov', 'video/quicktime', 'fixed', $4, now(), 'Cloud Devices', $1::text, 'available', $5,
         $6, $7)`,
      [
        id,
        deviceId,
        projectId,
        bytes.length,
        known === 'device' ? 'verified' : 'sizeChecked',
        availableAt,
        over.readAt ?? null,
      ],
    )
    const partBytes = 8
    for (let number = 1; (number - 1) * partBytes < bytes.length; number += 1) {
      const part = bytes.subarray((number - 1) * partBytes, number * partBytes)
      await pool.query(
        `insert into asset_parts (asset_id, number, size_bytes, device_xxh64, received_xxh64, acknowledged_at)
         values ($1, $2, $3, $4, $5, now())`,
        [id, number, part.length, known === 'device' ? xxh64Of(part) : null, known === 'nobody' ? null : xxh64Of(part)],
      )
    }
    return id
  }
  const found = async (id: string) => {
    const { rows } = await pool.query(
      `select custody, first_mismatch_number as part, mismatch_because as because, stored_xxh64 as whole,
         scrubbed_at as "readAt" from assets where id = $1`,
      [id],
    )
    return rows[0]
  }
  const audits = async () => {
    const { rows } = await pool.query('select action, after from audit_events order by id')
    return rows
  }
  return { add, found, audits, deviceId, projectId }
}
