import { relative } from 'node:path'
import type { Logger } from 'pino'
import type { CaptureClock, CaptureCounts, CaptureListener, KnownFiles, WatchFolder } from './capture-port.ts'
import { DirectoryWatches } from './directory-watches.ts'
import type { DirectoryLook } from './file-identity.ts'
import { FolderFiles } from './folder-files.ts'
import { FolderTeller } from './folder-teller.ts'
import { isAtOrBelow } from './mount-table.ts'
import type { WriterProbe } from './open-writers.ts'
import { absentFolderLookMs, busyMs, minLookGapMs, nextScanDelayMs, scanGapMs, tryAgainMs } from './scan-pace.ts'
import { lookAt, type Sighting } from './sighting.ts'
import { TrackedFiles } from './tracked-files.ts'
import type { MountedVolume, VolumeTable } from './volume-table.ts'
import { Wake } from './wake.ts'
import { walkFolder } from './walk-folder.ts'
import { WatchRoot } from './watch-root.ts'

/** More hints than this at once say no more than: look at everything. */
const maxHints = 4_096

export type FolderCaptureOptions = {
  folder: WatchFolder
  known: KnownFiles
  listener: CaptureListener
  writers: WriterProbe
  clock: CaptureClock
  log: Logger
  restMs: number
  volumes: { table(): VolumeTable; refresh(): Promise<VolumeTable> }
  /** Whether it is the agent's own folder, under whatever path. */
  isOwnFolder(look: DirectoryLook): boolean
  /** Whether an absolute path is a watch folder of its own, whose files are its own. */
  isOtherRoot(path: string): boolean
  /** The watch folder came, went, or was looked at for the first time. */
  onRootChanged(): void
}

/** Each place that cannot be looked at is logged once, and of very many only the first. */
const maxUnreadableLines = 100
/** Even what cannot be done yet must not keep the machine busy. */
const minTurnGapMs = 5

const nothingLeftOut = (): CaptureCounts['leftOut'] => ({
  hidden: 0,
  system: 0,
  temporary: 0,
  byRule: 0,
  links: 0,
  unreadable: 0,
})

/**
 * Watches one folder: events are hints where to look, full scans see to what they miss, and looking at unsettled files tells when they rest.
 * Everything happens in one loop, one thing after the other.
 */
export class FolderCapture {
  readonly folder: WatchFolder
  readonly #root: WatchRoot
  readonly #options: FolderCaptureOptions
  readonly #log: Logger
  readonly #teller: FolderTeller
  readonly #tracked = new TrackedFiles()
  readonly #files: FolderFiles
  readonly #watches: DirectoryWatches
  readonly #wake: Wake
  readonly #hints = new Set<string>()
  #requests: (() => void)[] = []
  #scanDueMs = 0
  #lastScanMs = Number.NEGATIVE_INFINITY
  #lastScanTookMs = 0
  #lastTurnMs = Number.NEGATIVE_INFINITY
  #notBeforeMs = Number.NEGATIVE_INFINITY
  #hasEnded = false
  readonly #toldUnreadable = new Set<string>()
  #leftOut = nothingLeftOut()

  constructor(options: FolderCaptureOptions) {
    this.#options = options
    this.folder = options.folder
    this.#root = new WatchRoot(options.folder.path)
    this.#log = options.log.child({ watchFolder: this.root })
    this.#teller = new FolderTeller(options.folder, this.root, options.listener, this.#log)
    this.#files = new FolderFiles({
      ...options,
      root: this.root,
      tracked: this.#tracked,
      teller: this.#teller,
      log: this.#log,
      lookGapMs: Math.min(minLookGapMs, options.restMs),
    })
    this.#wake = new Wake(options.clock)
    this.#watches = new DirectoryWatches({
      onHint: (path) => this.#hint(path),
      onGone: (path) => {
        // Another one may have its name by now; and nothing tells of the files that were in it.
        this.#hint(path)
        this.scanSoon()
      },
      onUnreliable: (cause) =>
        this.#log.warn({ cause }, 'the system does not tell of every change here: looking regularly instead'),
    })
  }

  get counts(): CaptureCounts {
    return { ...this.#tracked.counts(), leftOut: this.#leftOut }
  }

  get volumesSeen(): ReadonlyMap<string, MountedVolume> {
    return this.#files.volumesSeen
  }

  get root(): string {
    return this.#root.path
  }

  /** Whether it is known at all if the folder is there. */
  get wasLookedAt(): boolean {
    return this.#root.state !== 'unknown'
  }

  isAt(path: string): boolean {
    return this.#root.isAt(path)
  }

  /** Finds the folder's real path, before any watch folder around it is gone through. */
  locate(): Promise<void> {
    return this.#root.locate()
  }

  /** Resolves when a full scan that began after this call is over, or watching has ended. */
  rescan(): Promise<void> {
    if (this.#hasEnded) return Promise.resolve()
    return new Promise((done) => {
      this.#requests.push(done)
      this.#wake.now()
    })
  }

  /** Another file lies there than the one that rested; of a card that was swapped between two looks nothing else may tell. */
  lookAnew(path: string): void {
    if (!isAtOrBelow(path, this.root) || path === this.root) return
    const below = relative(this.root, path)
    if (this.#files.forgetRested(below)) this.#hint(below)
  }

  /** The recorder says that this file, below the folder, is complete. Looked for anew where it was not seen yet. */
  async finish(path: string): Promise<boolean> {
    if (!isAtOrBelow(path, this.root) || path === this.root) return false
    const below = relative(this.root, path)
    if (!this.#files.finish(below)) {
      await this.rescan()
      if (!this.#files.finish(below)) return false
    }
    this.#wake.now()
    return true
  }

  /** Scans as soon as the last scan lies far enough back. */
  scanSoon(): void {
    this.#scanDueMs = Math.min(this.#scanDueMs, this.#lastScanMs + scanGapMs(this.#lastScanTookMs))
    this.#wake.now()
  }

  /** Runs until the signal aborts; nothing is told and nothing left open after that. */
  async run(signal: AbortSignal): Promise<void> {
    const onAbort = () => {
      this.#teller.fallSilent()
      this.#wake.now()
    }
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    while (!signal.aborted) {
      await this.#turn(signal)
      await this.#wake.wait(this.#nextDueMs() - this.#options.clock.monotonicMs())
    }
    this.#hasEnded = true
    this.#watches.close()
    this.#answer(this.#requests)
  }

  #nextDueMs(): number {
    if (this.#requests.length > 0) return 0
    let dueMs = Math.min(this.#scanDueMs, this.#isOpen ? this.#files.nextDueMs() : Number.POSITIVE_INFINITY)
    for (const path of this.#hints) dueMs = Math.min(dueMs, this.#files.hintDueMs(path))
    return Math.max(dueMs, this.#notBeforeMs)
  }

  get #isOpen(): boolean {
    return this.#root.state === 'there'
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options
    const requests = this.#requests
    this.#requests = []
    try {
      if (requests.length > 0 || this.#scanDueMs <= clock.monotonicMs()) await this.#scan(signal)
      if (this.#isOpen && !signal.aborted) await this.#advance(signal)
      this.#notBeforeMs = clock.monotonicMs() + minTurnGapMs
    } catch (error) {
      // Not foreseen (out of file handles, say). Files must go on being found when it has passed.
      this.#log.error({ err: error }, 'looking at the watch folder failed; trying again soon')
      this.#notBeforeMs = clock.monotonicMs() + tryAgainMs
    }
    this.#answer(requests)
  }

  async #advance(signal: AbortSignal): Promise<void> {
    await this.#followHints(signal)
    await this.#files.advance(() => this.#root.isThere())
    this.#lastTurnMs = this.#options.clock.monotonicMs()
  }

  async #scan(signal: AbortSignal): Promise<void> {
    const { clock, volumes } = this.#options
    this.#lastScanMs = clock.monotonicMs()
    await volumes.refresh()
    const root = await this.#openRoot()
    if (root === null) {
      this.#scanDueMs = clock.monotonicMs() + absentFolderLookMs
    } else {
      this.#leftOut = await this.#walkAll(root, signal)
      this.#lastScanTookMs = clock.monotonicMs() - this.#lastScanMs
      const isBusy = this.#files.isBusy(busyMs)
      const isPolled = !this.#watches.isReliable
      this.#scanDueMs =
        clock.monotonicMs() + nextScanDelayMs({ isPolled, isBusy, lastScanTookMs: this.#lastScanTookMs })
    }
  }

  async #walkAll(root: { path: string; look: DirectoryLook }, signal: AbortSignal): Promise<CaptureCounts['leftOut']> {
    const leftOut = nothingLeftOut()
    this.#files.beginScan(root.path)
    this.#watches.beginScan()
    for await (const sightings of this.#walk(root.path, { path: '', look: root.look }, signal)) {
      for (const sighting of sightings) {
        if (sighting.kind === 'leftOut') leftOut[sighting.why] += 1
        if (sighting.kind === 'unreadable') leftOut.unreadable += 1
        this.#take(sighting)
      }
      // A scan of many files takes long, and what grows meanwhile must not be kept waiting.
      if (this.#options.clock.monotonicMs() - this.#lastTurnMs >= minLookGapMs) await this.#advance(signal)
    }
    // A scan that was broken off has not seen everything.
    if (!signal.aborted) {
      this.#files.finishScan()
      this.#watches.closeUnseen()
    }
    return leftOut
  }

  #walk(
    realRoot: string,
    start: { path: string; look: DirectoryLook },
    signal: AbortSignal,
  ): AsyncGenerator<Sighting[]> {
    const enter = (path: string, look: DirectoryLook) => this.#enter(realRoot, path, look)
    return walkFolder(start, { realRoot, rules: this.#options.folder, enter, signal })
  }

  #enter(realRoot: string, path: string, look: DirectoryLook): boolean {
    const absolute = path === '' ? realRoot : `${realRoot}/${path}`
    if (this.#options.isOwnFolder(look)) return false
    if (path !== '' && this.#options.isOtherRoot(absolute)) return false
    const volume = this.#options.volumes.table().find(absolute)
    this.#files.noteVolume(volume)
    if (volume.tellsOfChanges) this.#watches.arm(realRoot, path, look)
    else this.#watches.giveUp({ code: 'REMOTE_FILE_SYSTEM', message: `changes on ${volume.id} are made elsewhere` })
    return true
  }

  #take(sighting: Sighting): void {
    if (sighting.kind === 'unreadable') this.#logUnreadable(sighting.path, sighting.error)
    this.#files.take(sighting)
  }

  #logUnreadable(path: string, error: { code: string; message: string }): void {
    if (this.#toldUnreadable.has(path) || this.#toldUnreadable.size >= maxUnreadableLines) return
    this.#toldUnreadable.add(path)
    this.#log.warn({ path, error }, 'cannot look here')
  }

  async #followHints(signal: AbortSignal): Promise<void> {
    const { realPath: realRoot } = this.#root
    for (const path of [...this.#hints]) {
      if (realRoot === null || signal.aborted) return
      if (this.#files.hintDueMs(path) > this.#options.clock.monotonicMs()) continue
      this.#hints.delete(path)
      const sighting = await lookAt(realRoot, path, this.#options.folder)
      this.#take(sighting)
      if (sighting.kind === 'directory') {
        for await (const sightings of this.#walk(realRoot, sighting, signal))
          for (const one of sightings) this.#take(one)
      }
    }
  }

  #hint(path: string): void {
    if (this.#hints.has(path)) return
    // No name, or one that is not UTF-8 and was not passed on as it is: only a scan finds out which.
    const isUnclear = path === '' || path.includes('\uFFFD')
    if (isUnclear || this.#hints.size >= maxHints) {
      this.scanSoon()
    } else {
      this.#hints.add(path)
      this.#wake.now()
    }
  }

  /** The real path and look of the folder, after saying what is new about it; null when it is absent. */
  async #openRoot(): Promise<{ path: string; look: DirectoryLook } | null> {
    const root = await this.#root.look()
    if (root.kind === 'there') this.#files.noteVolume(this.#options.volumes.table().find(root.realPath))
    if (root.isNews) this.#options.onRootChanged()
    if (root.kind === 'there') return { path: root.realPath, look: root.look }
    if (root.isNews)
      this.#log.warn({ code: root.code }, 'the watch folder is absent; watching it as soon as it is there')
    this.#hints.clear()
    this.#watches.reset()
    this.#files.loseAll()
    return null
  }

  #answer(requests: readonly (() => void)[]): void {
    for (const done of requests) done()
  }
}
