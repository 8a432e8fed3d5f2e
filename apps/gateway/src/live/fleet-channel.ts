import type { FleetDelta, LiveFleetRow } from '@rushes/api'
import type { Database } from '@rushes/db'
import { fleetRows } from '@rushes/fleet'
import { ConflatingLog, type DeltaKind } from './conflating-log.ts'
import type { DeviceMemory } from './device-memory.ts'
import { rowDelta } from './row-delta.ts'

/** By device: the fields that changed, or null where the device is gone. */
export type FleetChange = ReadonlyMap<string, FleetDelta | null>

const fleetChanges: DeltaKind<FleetChange> = {
  merge: (older, newer) => {
    const merged = new Map(older)
    for (const [deviceId, delta] of newer) {
      const before = merged.get(deviceId)
      merged.set(deviceId, before === undefined || before === null || delta === null ? delta : { ...before, ...delta })
    }
    return merged
  },
  weigh: (change) => change.size,
}

/** A minute at four a second, or as many rows as a few megabytes hold. */
const limits = { maxKeptCount: 240, maxKeptWeight: 20_000 }

/** The whole fleet, kept current in memory while somebody looks at it. */
export class FleetChannel {
  readonly log = new ConflatingLog(fleetChanges, limits)
  private readonly db: Database
  private readonly memory: DeviceMemory
  private rows = new Map<string, LiveFleetRow>()
  /** To be read again. */
  private readonly dirtyIds = new Set<string>()
  private isAllDirty = false
  /** Only what is known in memory changed. */
  private readonly touchedIds = new Set<string>()

  constructor(db: Database, memory: DeviceMemory) {
    this.db = db
    this.memory = memory
  }

  get all(): readonly LiveFleetRow[] {
    return [...this.rows.values()]
  }

  has(deviceId: string): boolean {
    return this.rows.has(deviceId)
  }

  /** Reads the whole fleet. What changes meanwhile has been marked and is read by the next refresh. */
  async load(): Promise<void> {
    const rows = await fleetRows({ db: this.db })
    this.rows = new Map(rows.map((row) => [row.deviceId, this.memory.overlay(row)]))
  }

  markDirty(deviceIds: Iterable<string>): void {
    for (const deviceId of deviceIds) this.dirtyIds.add(deviceId)
  }

  markAllDirty(): void {
    this.isAllDirty = true
  }

  /** Devices of a project, whose name their rows carry. */
  markProjectDirty(projectId: string): void {
    for (const row of this.rows.values()) if (row.project?.id === projectId) this.dirtyIds.add(row.deviceId)
  }

  touch(deviceId: string): void {
    this.touchedIds.add(deviceId)
  }

  /** Brings the rows up to date and appends what changed to the log. After a failure everything is still marked. */
  async refresh(): Promise<void> {
    const isAll = this.isAllDirty
    const dirtyIds = isAll ? [...this.rows.keys(), ...this.dirtyIds] : [...this.dirtyIds]
    this.isAllDirty = false
    this.dirtyIds.clear()
    try {
      const read = isAll
        ? await fleetRows({ db: this.db })
        : dirtyIds.length > 0
          ? await fleetRows({ db: this.db }, { deviceIds: dirtyIds })
          : []
      this.apply(new Map(read.map((row) => [row.deviceId, this.memory.overlay(row)])), dirtyIds)
    } catch (error) {
      this.isAllDirty ||= isAll
      this.markDirty(dirtyIds)
      throw error
    }
  }

  private apply(read: Map<string, LiveFleetRow>, askedIds: readonly string[]): void {
    const change = new Map<string, FleetDelta | null>()
    for (const deviceId of this.touchedIds) {
      const row = this.rows.get(deviceId)
      if (row !== undefined && !read.has(deviceId)) read.set(deviceId, this.memory.overlay(row))
    }
    this.touchedIds.clear()
    for (const [deviceId, row] of read) {
      const delta = rowDelta(this.rows.get(deviceId), row)
      if (delta === null) continue
      this.rows.set(deviceId, row)
      change.set(deviceId, delta)
    }
    for (const deviceId of askedIds) {
      if (!read.has(deviceId) && this.rows.delete(deviceId)) change.set(deviceId, null)
    }
    if (change.size > 0) this.log.append(change)
  }
}
