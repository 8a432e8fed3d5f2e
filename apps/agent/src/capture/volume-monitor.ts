import { statfs } from 'node:fs/promises'
import { basename } from 'node:path'
import type { CaptureClock, Volume } from './capture-port.ts'
import { type MountedVolume, readVolumeTable, unreadVolumeTable, type VolumeTable } from './volume-table.ts'
import { Wake } from './wake.ts'

/** How many volumes a status carries. */
const maxVolumes = 32
const mountLookMs = 2_000
const spaceLookMs = 10_000

type MonitoredFolder = { root: string; wasLookedAt: boolean; volumesSeen: ReadonlyMap<string, MountedVolume> }

export type VolumeMonitorOptions = {
  clock: CaptureClock
  /** The watch folders with every volume that each has been on. */
  folders(): readonly MonitoredFolder[]
  /** Something was mounted or unmounted. */
  onMountsChanged(): void
  onVolumes(volumes: readonly Volume[]): void
}

/** Keeps the table of what is mounted, and says what became of the volumes of the watch folders. */
export class VolumeMonitor {
  readonly #options: VolumeMonitorOptions
  readonly #wake: Wake
  #table = unreadVolumeTable
  #volumes: readonly Volume[] = []
  #spaceDueMs = 0

  constructor(options: VolumeMonitorOptions) {
    this.#options = options
    this.#wake = new Wake(options.clock)
  }

  table(): VolumeTable {
    return this.#table
  }

  volumes(): readonly Volume[] {
    return this.#volumes
  }

  /** Reads the table anew. It is never shared with a reading that began earlier: who asks has just seen something that the table explains. */
  async refresh(): Promise<VolumeTable> {
    const before = this.#table
    const table = await readVolumeTable(before)
    if (table.text === this.#table.text) return this.#table
    this.#table = table
    if (before !== unreadVolumeTable) {
      this.#options.onMountsChanged()
      this.lookSoon()
    }
    return table
  }

  /** Measures the volumes now instead of in a while. */
  lookSoon(): void {
    this.#spaceDueMs = 0
    this.#wake.now()
  }

  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#wake.now(), { once: true })
    while (!signal.aborted) {
      const table = await this.refresh()
      const nowMs = this.#options.clock.monotonicMs()
      if (nowMs >= this.#spaceDueMs) {
        this.#spaceDueMs = nowMs + spaceLookMs
        const volumes = await measure(listVolumes(this.#options.folders(), table))
        if (signal.aborted) return
        if (areWorthTelling(this.#volumes, volumes)) {
          this.#volumes = volumes
          this.#options.onVolumes(volumes)
        }
      }
      await this.#wake.wait(mountLookMs)
    }
  }
}

/** Present ones first: of too many, long absent ones are left out. */
function listVolumes(folders: readonly MonitoredFolder[], table: VolumeTable): Volume[] {
  const found = new Map<string, Volume>()
  for (const { root, volumesSeen } of folders.filter(({ wasLookedAt }) => wasLookedAt)) {
    for (const { id, label, mountPoint } of volumesSeen.values()) {
      found.set(id, { id, label, path: mountPoint, sizeBytes: null, freeBytes: null, present: table.isMounted(id) })
    }
    // Nothing is known of a folder that was never there but its path.
    const id = `absent:${root}`.slice(0, 255)
    const absent = {
      id,
      label: basename(root).slice(0, 255),
      path: root.slice(0, 4_096),
      sizeBytes: null,
      freeBytes: null,
      present: false,
    }
    if (volumesSeen.size === 0) found.set(id, absent)
  }
  return [...found.values()].sort((a, b) => Number(b.present) - Number(a.present)).slice(0, maxVolumes)
}

function measure(volumes: readonly Volume[]): Promise<Volume[]> {
  return Promise.all(
    volumes.map(async (volume) => {
      // A share that does not answer, or a volume that went this moment: its size is unknown, which is a value.
      const space = volume.present ? await statfs(volume.path).catch(() => null) : null
      if (space === null) return volume
      return { ...volume, sizeBytes: space.blocks * space.bsize, freeBytes: space.bavail * space.bsize }
    }),
  )
}

/** Free space changes with every write; only more than 1 % of the volume is news. */
export function areWorthTelling(before: readonly Volume[], after: readonly Volume[]): boolean {
  if (before.length !== after.length) return true
  const byId = new Map(before.map((volume) => [volume.id, volume]))
  return after.some((volume) => {
    const old = byId.get(volume.id)
    if (
      old === undefined ||
      old.present !== volume.present ||
      old.path !== volume.path ||
      old.sizeBytes !== volume.sizeBytes
    )
      return true
    return Math.abs((old.freeBytes ?? 0) - (volume.freeBytes ?? 0)) > (volume.sizeBytes ?? 0) / 100
  })
}
