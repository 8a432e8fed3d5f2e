import type { FleetDelta, LiveFleetRow, UploadProgressRow } from '@rushes/api'
import type { Database } from '@rushes/db'
import {
  type ExecutionRow,
  type FleetRow,
  fleetRows,
  listDeviceExecutions,
  type UploadRow,
  uploadsByIds,
  uploadsStoredSince,
  uploadsToWatch,
} from '@rushes/fleet'
import { digest } from '../digest.ts'
import { ConflatingLog, type DeltaKind } from './conflating-log.ts'
import type { DeviceMemory } from './device-memory.ts'
import { rowDelta } from './row-delta.ts'

export type DeviceChange = {
  row: FleetDelta | null
  uploads: ReadonlyMap<string, UploadRow>
  executions: ReadonlyMap<string, ExecutionRow>
  progress: ReadonlyMap<string, UploadProgressRow>
  hasNewEvents: boolean
}

const deviceChanges: DeltaKind<DeviceChange> = {
  merge: (older, newer) => ({
    row: older.row === null ? newer.row : { ...older.row, ...newer.row },
    uploads: new Map([...older.uploads, ...newer.uploads]),
    executions: new Map([...older.executions, ...newer.executions]),
    progress: new Map([...older.progress, ...newer.progress]),
    hasNewEvents: older.hasNewEvents || newer.hasNewEvents,
  }),
  weigh: (change) => 1 + change.uploads.size + change.executions.size + change.progress.size / 4,
}

const limits = { maxKeptCount: 240, maxKeptWeight: 4_000 }
const maxUploads = 500
const maxExecutions = 50
const maxRememberedUploads = 5_000
/** Rows are stamped before their transaction commits; so we look back a little further than we looked last. */
const lookBackMs = 5_000

export type DeviceSnapshot = {
  row: LiveFleetRow | null
  uploadCount: number
  uploads: UploadRow[]
  executions: ExecutionRow[]
  progress: UploadProgressRow[]
}

/** One device, kept current in memory while somebody looks at its page. */
export class DeviceChannel {
  readonly log = new ConflatingLog(deviceChanges, limits)
  private readonly db: Database
  private readonly memory: DeviceMemory
  private readonly deviceId: string
  /** As it was read last, and as it was told last. */
  private stored: FleetRow | null = null
  private row: LiveFleetRow | null = null
  /** Digests of what was told, so that nothing is told twice. */
  private executions = new Map<string, string>()
  private readonly uploads = new Map<string, string>()
  private readonly marks = { row: false, executions: false, events: false, uploads: false, progress: false }
  private readonly uploadIds = new Set<string>()
  private lookedAt: Date

  constructor(options: { db: Database; memory: DeviceMemory; deviceId: string; now: Date }) {
    this.db = options.db
    this.memory = options.memory
    this.deviceId = options.deviceId
    this.lookedAt = options.now
  }

  /** Everything as it is now. Watch the log first: what changes while this reads is told by the log as well. */
  async snapshot(): Promise<DeviceSnapshot> {
    const { db, deviceId } = this
    const [row] = await fleetRows({ db }, { deviceIds: [deviceId] })
    const { uploadCount, uploads } = await uploadsToWatch({ db }, { deviceId, limit: maxUploads })
    const executions = await listDeviceExecutions({ db }, { deviceId, limit: maxExecutions })
    return {
      row: row === undefined ? null : this.memory.overlay(row),
      uploadCount,
      uploads,
      executions,
      progress: this.memory.uploadProgressOf(deviceId),
    }
  }

  rowChanged(): void {
    this.marks.row = true
  }

  executionsChanged(): void {
    this.marks.executions = true
    this.marks.row = true // it counts them
  }

  eventsAdded(): void {
    this.marks.events = true
  }

  progressed(): void {
    this.marks.progress = true
  }

  uploadsChanged(uploadIds: readonly string[]): void {
    for (const id of uploadIds) this.uploadIds.add(id)
    if (this.uploadIds.size > maxUploads) this.marks.uploads = true
  }

  /** Something changed, and nobody says what. */
  anythingChanged(): void {
    this.executionsChanged()
    this.eventsAdded()
    this.marks.uploads = true
  }

  /** Reads what was marked, and appends what changed to the log. After a failure everything is still marked. */
  async refresh(now: Date): Promise<void> {
    const marks = { ...this.marks }
    const uploadIds = [...this.uploadIds].slice(0, maxUploads)
    Object.assign(this.marks, { row: false, executions: false, events: false, uploads: false, progress: false })
    this.uploadIds.clear()
    try {
      const uploads = await this.readUploads(marks.uploads, uploadIds, now)
      const executions = marks.executions ? await this.readExecutions() : []
      const row = await this.rowChange(marks)
      const progress = marks.progress ? this.memory.uploadProgressOf(this.deviceId) : []
      const isNothing = row === null && uploads.length + executions.length + progress.length === 0 && !marks.events
      if (isNothing) return
      this.log.append({
        row,
        uploads: new Map(uploads.map((upload) => [upload.id, upload])),
        executions: new Map(executions.map((execution) => [execution.executionId, execution])),
        progress: new Map(progress.map((upload) => [upload.uploadId, upload])),
        hasNewEvents: marks.events,
      })
    } catch (error) {
      for (const [mark, isSet] of Object.entries(marks)) if (isSet) Object.assign(this.marks, { [mark]: true })
      this.uploadsChanged(uploadIds)
      throw error
    }
  }

  private async readUploads(isAny: boolean, uploadIds: string[], now: Date): Promise<UploadRow[]> {
    const { db, deviceId } = this
    const named = await uploadsByIds({ db }, { deviceId, uploadIds })
    if (!isAny) return this.untold(named)
    const after = new Date(this.lookedAt.getTime() - lookBackMs)
    const recent = await uploadsStoredSince({ db }, { deviceId, after, limit: maxUploads })
    this.lookedAt = now
    return this.untold([...named, ...recent])
  }

  private untold(uploads: UploadRow[]): UploadRow[] {
    if (this.uploads.size > maxRememberedUploads) this.uploads.clear()
    return uploads.filter((upload) => {
      const text = digest(upload)
      const isTold = this.uploads.get(upload.id) === text
      this.uploads.set(upload.id, text)
      return !isTold
    })
  }

  private async readExecutions(): Promise<ExecutionRow[]> {
    const { db, deviceId } = this
    const all = await listDeviceExecutions({ db }, { deviceId, limit: maxExecutions })
    const texts = new Map(all.map((execution) => [execution.executionId, digest(execution)]))
    const changed = all.filter(({ executionId }) => this.executions.get(executionId) !== texts.get(executionId))
    this.executions = texts
    return changed
  }

  /** Progress lives in memory: for it alone the database is not asked. */
  private async rowChange(marks: { row: boolean; progress: boolean }): Promise<FleetDelta | null> {
    if (!marks.row && !marks.progress) return null
    if (marks.row || this.stored === null) {
      const [stored] = await fleetRows({ db: this.db }, { deviceIds: [this.deviceId] })
      this.stored = stored ?? null
    }
    if (this.stored === null) return null
    const row = this.memory.overlay(this.stored)
    const delta = rowDelta(this.row ?? undefined, row)
    this.row = row
    return delta
  }
}
