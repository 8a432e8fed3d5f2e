import { join, relative } from 'node:path'
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
const maxTogether = 64
const maxTogetherMs = 100
/** Reading waits for the system most of the time. Fewer than its threads are: a medium that hangs must leave others one. */
const readAtOnce = 3

type NewFile = { path: string; file: UnsettledFile; settlement: Extract<Settlement, { kind: 'new' }> }

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
    const toAsk: (readonly [string, UnsettledFile])[] = []
    const complete: (readonly [string, UnsettledFile])[] = []
    for (const [path, file] of rested) {
      if (file.isFinished) complete.push([path, file])
      else if (writers.look(join(realRoot, path)) === 'open') this.#waitForWriter(path, file)
      else toAsk.push([path, file])
    }
    // The recorder has said of these that they are complete: nobody waits for the probe.
    await this.#settleComplete(realRoot, complete.splice(0))
    if (toAsk.length === 0) return
    const writing = await writers.probe(toAsk.map(([path, file]) => ({ path: join(realRoot, path), ...file.look })))
    for (const [path, file] of toAsk) {
      if ('laterMs' in writing) this.#postpone(path, file, writing.laterMs)
      else if (writing.has(join(realRoot, path))) this.#waitForWriter(path, file)
      else if (this.#mayHaveHiddenWriter(file)) this.#restLonger(path, file)
      else complete.push([path, file])
    }
    await this.#settleComplete(realRoot, complete)
  }

  /**
   * Tells of new files together, since each step of the queue costs a flush to disk; of all others, which may concern one another, one by one. What
   * was read before something else was told of is read again, unless it is new: that is looked up once more when it is told.
   */
  async #settleComplete(realRoot: string, complete: readonly (readonly [string, UnsettledFile])[]): Promise<void> {
    const { clock } = this.#context
    const fresh: NewFile[] = []
    let sinceMs = 0
    for (let first = 0; first < complete.length; first += readAtOnce) {
      const some = complete.slice(first, first + readAtOnce)
      const settlements = await Promise.all(some.map(([path, file]) => this.#settlementOf(realRoot, path, file)))
      let isStale = false
      for (const [index, [path, file]] of some.entries()) {
        const settlement = settlements[index] ?? null
        if (settlement?.kind === 'new') {
          if (fresh.push({ path, file, settlement }) === 1) sinceMs = clock.monotonicMs()
          continue
        }
        isStale ||= fresh.length > 0
        await this.#concludeTogether(realRoot, fresh.splice(0))
        this.#conclude(path, file, isStale ? await this.#settlementOf(realRoot, path, file) : settlement)
        isStale ||= settlement?.kind === 'moved'
      }
      const isDue = fresh.length >= maxTogether || clock.monotonicMs() - sinceMs >= maxTogetherMs
      if (isDue) await this.#concludeTogether(realRoot, fresh.splice(0))
    }
    await this.#concludeTogether(realRoot, fresh)
  }

  async #concludeTogether(realRoot: string, fresh: readonly NewFile[]): Promise<void> {
    const { teller, known } = this.#context
    if (fresh.length === 0) return
    let again: NewFile[] = []
    const areTold = teller.together(() => {
      again = []
      for (const each of fresh) {
        // The same one may be there by now: under a second name, or through somebody else.
        if (known.find(each.settlement.settled.identity) === null) this.#conclude(each.path, each.file, each.settlement)
        else again.push(each)
      }
    })
    for (const { path, file } of areTold ? again : fresh)
      this.#conclude(path, file, await this.#settlementOf(realRoot, path, file))
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
        if (isAtOrBelow(settlement.from, root)) this.#missing.forget(relative(root, settlement.from))
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
