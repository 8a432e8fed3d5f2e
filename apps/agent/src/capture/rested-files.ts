import { join, relative } from 'node:path'
import type { KnownFiles, SettledFile } from './capture-port.ts'
import { isQuiet, type RestingFile, restingFile, type UnsettledFile } from './file-life.ts'
import type { FolderContext } from './folder-context.ts'
import type { MissingFiles } from './missing-files.ts'
import { isAtOrBelow } from './mount-table.ts'
import { minLookGapMs, tryAgainMs } from './scan-pace.ts'
import { type Settlement, settleFile } from './settle-file.ts'

/** A file that somebody still has open for writing is asked after this often. */
const writerLookMs = 1_000
/**
 * How long a file must stay the same that was seen to grow by a writer who was not seen, where some processes may not be looked at: its recorder may be
 * one of them and only pause. Only of what is sent while it grows; elsewhere the settle time does, and what comes later is met.
 */
const blindRestMs = 60_000
/** A writer that cannot be seen from here (another user's process, another machine) is not looked for again and again. */
const maxWriterLooks = 8

/** So many new files make a step of the queue, and none of them waits longer for others to be read. */
const maxTogether = 128
const maxTogetherMs = 250
/** Reading waits for the system most of the time; and while one file keeps its reader, others go on. Half of the threads for file calls, as many as `widenThreadPool` says. */
const readAtOnce = 4

type Rested = readonly [path: string, file: UnsettledFile]
type NewFile = { order: number; path: string; file: UnsettledFile; settlement: Extract<Settlement, { kind: 'new' }> }

/** Takes files that have rested over the line: nobody writes to them, their identity is read, and the queue is told. */
export class RestedFiles {
  readonly #context: FolderContext
  readonly #missing: MissingFiles
  #toldBlind = false

  constructor(context: FolderContext, missing: MissingFiles) {
    this.#context = context
    this.#missing = missing
  }

  async settle(realRoot: string, rested: readonly (readonly [string, UnsettledFile])[]): Promise<void> {
    const { writers } = this.#context
    const toAsk: Rested[] = []
    const finished: Rested[] = []
    for (const [path, file] of rested) {
      if (file.isFinished) finished.push([path, file])
      else if (writers.look(join(realRoot, path)) === 'open') this.#waitForWriter(path, file)
      else toAsk.push([path, file])
    }
    // The recorder has said of these that they are complete: nobody waits for the probe.
    await this.#settleComplete(realRoot, finished)
    if (toAsk.length === 0) return
    const writing = await writers.probe(toAsk.map(([path, file]) => ({ path: join(realRoot, path), ...file.look })))
    const closed: Rested[] = []
    for (const [path, file] of toAsk) {
      if ('laterMs' in writing) this.#postpone(path, file, writing.laterMs)
      else if (writing.has(join(realRoot, path))) this.#waitForWriter(path, file)
      else if (this.#mayHaveHiddenWriter(file)) this.#restLonger(path, file)
      else closed.push([path, file])
    }
    await this.#settleComplete(realRoot, closed)
  }

  /** Tells of new files together, since each step of the queue costs a flush to disk; of all others, which may concern one another, one by one. */
  async #settleComplete(realRoot: string, complete: Rested[]): Promise<void> {
    const { teller } = this.#context
    let fresh: NewFile[] = []
    let due: NodeJS.Timeout | undefined
    let begun = 0
    const tellOfFresh = () => {
      clearTimeout(due)
      // As they were found: what else is alike goes up in the order in which it was told.
      const told = fresh.sort((one, other) => one.order - other.order)
      fresh = []
      complete.unshift(...this.#tellTogether(told))
    }
    const readOneByOne = async () => {
      while (!teller.isSilent) {
        const [path, file] = complete.shift() ?? []
        if (path === undefined || file === undefined) break
        const order = begun++
        const settlement = await this.#settlementOf(realRoot, path, file)
        if (settlement?.kind === 'new') {
          const count = fresh.push({ order, path, file, settlement })
          if (count === 1) due = setTimeout(tellOfFresh, maxTogetherMs)
          if (count === maxTogether) tellOfFresh()
          continue
        }
        tellOfFresh()
        if (this.#stands(settlement)) this.#conclude(path, file, settlement)
        else complete.unshift([path, file])
      }
    }
    try {
      while (complete.length > 0 && !teller.isSilent) {
        await Promise.all(Array.from({ length: readAtOnce }, () => readOneByOne()))
        tellOfFresh()
      }
    } finally {
      clearTimeout(due)
    }
  }

  /** Whether the queue still says what the settlement was found by: of others it was told meanwhile. */
  #stands(settlement: Settlement | null): boolean {
    if (settlement?.kind !== 'moved' && settlement?.kind !== 'known') return true
    const row = this.#find(settlement)
    return settlement.kind === 'moved'
      ? row?.path === settlement.from && row.isGivenUp === settlement.wasGivenUp
      : row?.isGivenUp === false
  }

  /** Undefined where the queue cannot be asked, which is found out by whoever settles the file again. */
  #find({ settled }: { settled: SettledFile }): ReturnType<KnownFiles['find']> | undefined {
    const { known, log } = this.#context
    try {
      return known.find(settled.identity)
    } catch (error) {
      log.error({ err: error, path: settled.path }, 'could not find out whether a file is known; trying again later')
      return undefined
    }
  }

  /** Returns those that somebody else has told of since they were read, or that have a second name: they are to be settled again. */
  #tellTogether(fresh: readonly NewFile[]): Rested[] {
    if (fresh.length === 0) return []
    const { teller } = this.#context
    let told = new Set<NewFile>()
    const areTold = teller.together(() => {
      told = new Set()
      for (const each of fresh)
        if (this.#find(each.settlement) === null && teller.settled(each.settlement.settled)) told.add(each)
    })
    const again: Rested[] = []
    for (const each of fresh) {
      const { path, file, settlement } = each
      // Not before all of it is stored.
      if (areTold && told.has(each)) this.#rest(path, file, 'settled', true)
      else {
        const row = this.#find(settlement)
        if (row === null) this.#conclude(path, file, settlement)
        else if (row === undefined) this.#conclude(path, file, null)
        else again.push([path, file])
      }
    }
    return again
  }

  /**
   * Finds out early when a recorder closes its file: one that was seen to be open, is not open any more and has been quiet for a moment
   * need not rest any longer. Only of what is sent while it grows, where every moment counts.
   */
  async lookForWriters(realRoot: string, files: readonly (readonly [string, UnsettledFile])[]): Promise<void> {
    const { writers, tracked, clock } = this.#context
    const asked = files.filter(([path, file]) => {
      // Asked again it would never come to be asked for the last time: the probe is not for every moment.
      if (file.hasRested || file.isFinished) return false
      if (!file.sawWriter) return file.sawChange && file.writerLooks < maxWriterLooks
      return isQuiet(file, clock.monotonicMs()) && writers.look(join(realRoot, path)) !== 'open'
    })
    if (asked.length === 0) return
    const found = await writers.probe(asked.map(([path, file]) => ({ path: join(realRoot, path), ...file.look })))
    if ('laterMs' in found) return
    for (const [path, file] of asked) {
      const isOpen = found.has(join(realRoot, path))
      if (!file.sawWriter) tracked.set(path, { ...file, sawWriter: isOpen, writerLooks: file.writerLooks + 1 })
      else if (!isOpen) tracked.set(path, { ...file, hasRested: true, nextLookMs: clock.monotonicMs() })
    }
  }

  #waitForWriter(path: string, file: UnsettledFile): void {
    if (!file.wasTold) this.#context.teller.growing(path, file)
    const delayMs = this.#context.folder.mode === 'realtime' ? minLookGapMs : writerLookMs
    this.#postpone(path, { ...file, wasTold: true, sawWriter: true, closedMs: null }, delayMs)
  }

  #mayHaveHiddenWriter(file: UnsettledFile): boolean {
    const { writers, folder, clock } = this.#context
    if (folder.mode !== 'realtime' || !writers.isBlind()) return false
    const isUnexplained = file.sawChange && !file.sawWriter && !file.hasRested
    return isUnexplained && clock.monotonicMs() - file.changedMs < blindRestMs
  }

  #restLonger(path: string, file: UnsettledFile): void {
    const { log, clock } = this.#context
    if (!this.#toldBlind)
      log.warn(
        'programs of other users may not be looked at (this takes CAP_SYS_PTRACE): a recording counts as ended a minute after it stopped growing',
      )
    this.#toldBlind = true
    this.#postpone(path, file, file.changedMs + blindRestMs - clock.monotonicMs())
  }

  async #settlementOf(realRoot: string, relativePath: string, file: UnsettledFile): Promise<Settlement | null> {
    const { folder, root, known, log } = this.#context
    const path = join(root, relativePath)
    try {
      return await settleFile(file, { watchFolder: folder, realRoot, relativePath, path }, known)
    } catch (error) {
      // Only asking the queue can fail here; it is asked again.
      log.error({ err: error, path }, 'could not find out whether a file is known; trying again later')
      return null
    }
  }

  #conclude(path: string, file: UnsettledFile, settlement: Settlement | null): void {
    const { teller, clock, root } = this.#context
    switch (settlement?.kind) {
      case undefined:
        this.#postpone(path, file, tryAgainMs)
        break
      case 'new':
        this.#rest(path, file, 'settled', teller.settled(settlement.settled))
        break
      case 'moved':
        this.#rest(path, file, 'settled', teller.moved(settlement.settled, settlement.from))
        if (settlement.from !== settlement.settled.path && isAtOrBelow(settlement.from, root))
          this.#missing.forget(relative(root, settlement.from))
        break
      case 'known':
        this.#rest(path, file, 'known', !file.wasTold || teller.known(settlement.settled))
        break
      case 'empty':
        this.#rest(path, file, 'refused', teller.refused(path, { sizeBytes: 0, reason: 'emptyFile' }))
        break
      case 'absent':
        this.#missing.suspect(path)
        break
      case 'changed':
        this.#postpone(path, { ...file, hasRested: false, changedMs: clock.monotonicMs() }, 0)
        break
      case 'unreadable':
        this.#postpone(path, this.#tellUnreadable(path, file, settlement.error), tryAgainMs)
    }
  }

  #rest(path: string, file: UnsettledFile, kind: RestingFile['kind'], wasTaken: boolean): void {
    if (wasTaken) this.#context.tracked.set(path, restingFile(kind, file.look, file.volume))
    else this.#postpone(path, file, tryAgainMs)
  }

  #tellUnreadable(path: string, file: UnsettledFile, error: { code: string; message: string }): UnsettledFile {
    if (error.code === file.unreadableCode) return file
    const wasTaken = this.#context.teller.unreadable(path, {
      sizeBytes: file.look.sizeBytes,
      volumeId: file.volume.id,
      error,
    })
    return wasTaken ? { ...file, wasTold: true, unreadableCode: error.code } : file
  }

  #postpone(path: string, file: UnsettledFile, delayMs: number): void {
    this.#context.tracked.set(path, { ...file, nextLookMs: this.#context.clock.monotonicMs() + delayMs })
  }
}
