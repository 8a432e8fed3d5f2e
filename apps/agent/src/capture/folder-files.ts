import { join } from 'node:path'
import type { RefusedFile } from './capture-port.ts'
import { type FileLook, statKeyOf } from './file-identity.ts'
import {
  changeBetween,
  closed,
  hasRested,
  restingFile,
  see,
  type TrackedFile,
  type UnsettledFile,
} from './file-life.ts'
import type { FolderContext } from './folder-context.ts'
import { MissingFiles } from './missing-files.ts'
import { RestedFiles } from './rested-files.ts'
import { closingLookMs, tryAgainMs } from './scan-pace.ts'
import { lookAt, type Sighting } from './sighting.ts'
import { isTemporaryName } from './temporary-name.ts'
import { TemporaryStarts } from './temporary-starts.ts'
import type { MountedVolume } from './volume-table.ts'

/** How many files are taken further in one turn: hints must not wait long, and asking for writers costs the same for one as for many. */
const maxPerTurn = 512

/** The files of one watch folder: makes sightings into tidings. `advance` must have resolved before anything else is called. */
export class FolderFiles {
  readonly #context: FolderContext
  readonly #missing: MissingFiles
  readonly #rested: RestedFiles
  readonly #temporaries = new TemporaryStarts()
  readonly #scannedVolumes = new Set<string>()
  readonly #volumesSeen = new Map<string, MountedVolume>()
  #realRoot = ''
  /** When it is to be asked next which files their recorders have closed; never while none is known to be open. */
  #closingLookMs = Number.POSITIVE_INFINITY
  #lastChangeMs = Number.NEGATIVE_INFINITY

  constructor(context: FolderContext) {
    this.#context = context
    this.#missing = new MissingFiles(context)
    this.#rested = new RestedFiles(context, this.#missing)
  }

  /** Every volume that the folder or something in it has been on. */
  get volumesSeen(): ReadonlyMap<string, MountedVolume> {
    return this.#volumesSeen
  }

  /** Whether something is unsettled, or changed within this time. */
  isBusy(withinMs: number): boolean {
    const { tracked, clock } = this.#context
    return tracked.unsettledCount > 0 || clock.monotonicMs() - this.#lastChangeMs < withinMs
  }

  /** When something is to be done next by `advance`. */
  nextDueMs(): number {
    let dueMs = Math.min(this.#missing.nextDueMs(), this.#closingLookMs)
    for (const [, file] of this.#context.tracked.unsettled()) dueMs = Math.min(dueMs, file.nextLookMs)
    return dueMs
  }

  /** When a hint about this path is worth a look: a growing file has its pace. */
  hintDueMs(path: string): number {
    const file = this.#context.tracked.getUnsettled(path)
    return file === null ? 0 : file.lookedMs + this.#context.lookGapMs
  }

  noteVolume(volume: MountedVolume): void {
    this.#volumesSeen.set(volume.id, volume)
  }

  beginScan(realRoot: string): void {
    this.#realRoot = realRoot
    this.#context.tracked.beginScan()
  }

  /** What the scan did not come by is missing; what comes to a volume that it went through is new. */
  finishScan(): void {
    const { tracked, volumes } = this.#context
    for (const path of tracked.unseen()) this.#missing.suspect(path)
    this.#scannedVolumes.clear()
    for (const id of this.#volumesSeen.keys()) if (volumes.table().isMounted(id)) this.#scannedVolumes.add(id)
  }

  take(sighting: Sighting): void {
    const { path } = sighting
    const previous = this.#context.tracked.get(path)
    switch (sighting.kind) {
      case 'file':
        this.#takeFile(path, sighting.look, previous)
        break
      case 'refused':
        this.#takeRefused(path, sighting.look, sighting.reason, previous)
        break
      case 'absent':
        if (previous !== null) this.#missing.suspect(path)
        break
      case 'unreadable':
        if (previous?.kind === 'unsettled') this.#putOff(path, previous)
        break
      case 'directory':
        if (previous !== null) this.#missing.lose(path, previous, true)
        break
      case 'leftOut':
        if (previous !== null) this.#missing.lose(path, previous, true)
        if (sighting.why === 'temporary' || sighting.why === 'hidden') this.#rememberStart(path, sighting.look)
    }
  }

  /** Makes sure of missing files, looks at unsettled ones that are due, and settles those that have rested. */
  async advance(isRootThere: () => Promise<boolean>): Promise<void> {
    await this.#missing.confirm({ realRoot: this.#realRoot, isThere: isRootThere }, (sighting) => this.take(sighting))
    const rested = await this.#lookAtDue()
    if (rested.length > 0) await this.#rested.settle(this.#realRoot, rested)
  }

  /** The watch folder itself is gone. */
  loseAll(): void {
    for (const [path, file] of this.#context.tracked.all()) this.#missing.lose(path, file, false)
    this.#scannedVolumes.clear()
  }

  #takeFile(path: string, look: FileLook, previous: TrackedFile | null): void {
    const { tracked, teller } = this.#context
    const volume = this.#volumeOf(path)
    // Another card may hold a file of the same name.
    const isOnOtherVolume = previous !== null && previous.volume.id !== volume.id
    if (isOnOtherVolume) this.#missing.lose(path, previous, false)
    const before = isOnOtherVolume ? null : previous
    this.#missing.acquit(path)
    if (before === null && this.#isKnown(path, look, volume)) {
      tracked.set(path, restingFile('known', look, volume))
      return
    }
    const { next, tell } = see(before, look, volume, this.#lookContext(before, look, volume))
    tracked.set(path, next)
    for (const tidings of tell) {
      this.#lastChangeMs = this.#context.clock.monotonicMs()
      const { sizeBytes } = look
      if (tidings.kind === 'changed') teller.changed(path, { sizeBytes, volumeId: volume.id, change: tidings.change })
      else if (next.kind === 'unsettled') teller.growing(path, next)
    }
  }

  #lookContext(before: TrackedFile | null, look: FileLook, volume: MountedVolume) {
    const { clock, restMs, lookGapMs } = this.#context
    return {
      now: clock.now(),
      nowMs: clock.monotonicMs(),
      isFirstScan: !this.#scannedVolumes.has(volume.id),
      startedAt: before === null && volume.keepsInodes ? this.#temporaries.take(look) : null,
      restMs,
      lookGapMs,
    }
  }

  #takeRefused(path: string, look: FileLook, reason: RefusedFile['reason'], previous: TrackedFile | null): void {
    const { tracked, teller } = this.#context
    const volume = this.#volumeOf(path)
    this.#missing.acquit(path)
    if (previous?.kind === 'refused' && changeBetween(previous, look, volume) === null) {
      tracked.set(path, previous)
      return
    }
    if (previous !== null) this.#missing.lose(path, previous, true)
    const wasTaken = teller.refused(path, { sizeBytes: look.sizeBytes, reason })
    if (wasTaken) tracked.set(path, restingFile('refused', look, volume))
  }

  async #lookAtDue(): Promise<(readonly [string, UnsettledFile])[]> {
    const { tracked, clock, restMs, folder } = this.#context
    const nowMs = clock.monotonicMs()
    const justClosed = this.#findJustClosed()
    const due = [...justClosed]
    for (const [path, file] of tracked.unsettled()) {
      if (due.length >= maxPerTurn) break
      if (file.nextLookMs <= nowMs && !this.#missing.has(path) && !justClosed.has(path)) due.push(path)
    }
    const sightings = await Promise.all(due.map((path) => lookAt(this.#realRoot, path, folder)))
    for (const sighting of sightings) this.take(sighting)
    for (const path of justClosed) {
      const file = tracked.getUnsettled(path)
      if (file !== null) tracked.set(path, closed(file, clock.monotonicMs()))
    }
    await this.#lookForWriters()
    return due.flatMap((path) => {
      const file = tracked.getUnsettled(path)
      const isReady = file !== null && file.nextLookMs <= clock.monotonicMs() && !this.#missing.has(path)
      if (!isReady || !hasRested(file, clock.monotonicMs(), restMs)) return []
      // It is complete when it has its name, or when its recorder says so.
      if (!isTemporaryName(path) || file.isFinished) return [[path, file] as const]
      this.#putOff(path, file)
      return []
    })
  }

  /** Lets a file that rests be one that was not seen before; false when none rests there. */
  forgetRested(path: string): boolean {
    const kind = this.#context.tracked.get(path)?.kind
    if (kind !== 'settled' && kind !== 'known') return false
    this.#missing.forget(path)
    return true
  }

  /** The recorder says that the file is complete. False when nothing grows there. */
  finish(path: string): boolean {
    const file = this.#context.tracked.getUnsettled(path)
    if (file === null) return false
    this.#context.tracked.set(path, { ...file, isFinished: true, nextLookMs: this.#context.clock.monotonicMs() })
    return true
  }

  /**
   * Of files that are sent while they grow: which of them somebody has open, and which are closed. Not only of those that are due: one that the
   * system tells of all the time has always just been looked at.
   */
  async #lookForWriters(): Promise<void> {
    const { tracked, folder } = this.#context
    if (folder.mode !== 'realtime') return
    const files = [...tracked.unsettled()].filter(([path]) => !this.#missing.has(path))
    await this.#rested.lookForWriters(this.#realRoot, files)
  }

  /** Files that are sent while they grow and that were open for writing, and are not any more: no need to wait for their turn. */
  #findJustClosed(): Set<string> {
    const { tracked, folder, writers, clock } = this.#context
    const justClosed = new Set<string>()
    if (folder.mode !== 'realtime') return justClosed
    let isAnyOpen = false
    for (const [path, file] of tracked.unsettled()) {
      if (!file.sawWriter || this.#missing.has(path)) continue
      const seen = writers.look(join(this.#realRoot, path))
      if (seen === 'closed') justClosed.add(path)
      isAnyOpen ||= seen === 'open'
    }
    this.#closingLookMs = isAnyOpen ? clock.monotonicMs() + closingLookMs : Number.POSITIVE_INFINITY
    return justClosed
  }

  #putOff(path: string, file: UnsettledFile): void {
    this.#context.tracked.set(path, { ...file, nextLookMs: this.#context.clock.monotonicMs() + tryAgainMs })
  }

  #rememberStart(path: string, look: FileLook): void {
    const isFirstScan = !this.#scannedVolumes.has(this.#volumeOf(path).id)
    this.#temporaries.remember(look, isFirstScan ? 'unknown' : this.#context.clock.now())
  }

  #isKnown(path: string, look: FileLook, volume: MountedVolume): boolean {
    const { known, root, log } = this.#context
    const statKey = statKeyOf(look, volume)
    if (statKey === null) return false
    try {
      return known.hasStat(statKey, join(root, path))
    } catch (error) {
      // Nothing is lost by taking it for unknown: it is asked for again by its identity.
      log.error({ err: error, path }, 'could not ask the queue for a file')
      return false
    }
  }

  #volumeOf(path: string): MountedVolume {
    const volume = this.#context.volumes.table().find(join(this.#realRoot, path))
    this.noteVolume(volume)
    return volume
  }
}
