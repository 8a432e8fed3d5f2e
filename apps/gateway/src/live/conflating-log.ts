import { randomUUID } from 'node:crypto'

export type Change<Delta> = { seq: number; delta: Delta }

/** How deltas of one kind are joined and measured. `merge` must not change its arguments: they are shared. */
export type DeltaKind<Delta> = {
  /** One delta that does what `older` and then `newer` do: the last value of each field. */
  merge: (older: Delta, newer: Delta) => Delta
  /** How much memory a delta takes, in whatever unit `maxKeptWeight` is in. */
  weigh: (delta: Delta) => number
}

/**
 * Numbered deltas for any number of watchers. Each watcher has one merged delta waiting, never a queue: who is slow gets the last
 * values later. The newest deltas are kept, so that a watcher that was cut off can go on where it was.
 */
export class ConflatingLog<Delta> {
  /** Numbers mean something within one log only; another log has another id. */
  readonly id = randomUUID()
  private readonly kind: DeltaKind<Delta>
  private readonly maxKeptCount: number
  private readonly maxKeptWeight: number
  private readonly kept: Change<Delta>[] = []
  private keptWeight = 0
  private newestSeq = 0
  private readonly watchers = new Set<Watcher<Delta>>()

  constructor(kind: DeltaKind<Delta>, limits: { maxKeptCount: number; maxKeptWeight: number }) {
    this.kind = kind
    this.maxKeptCount = limits.maxKeptCount
    this.maxKeptWeight = limits.maxKeptWeight
  }

  get seq(): number {
    return this.newestSeq
  }

  append(delta: Delta): void {
    this.newestSeq += 1
    const change = { seq: this.newestSeq, delta }
    this.kept.push(change)
    this.keptWeight += this.kind.weigh(delta)
    while (this.kept.length > this.maxKeptCount || (this.keptWeight > this.maxKeptWeight && this.kept.length > 0)) {
      const oldest = this.kept.shift()
      if (oldest !== undefined) this.keptWeight -= this.kind.weigh(oldest.delta)
    }
    for (const watcher of this.watchers) watcher.add(change)
  }

  /** Watches from now on. */
  watch(): Watcher<Delta> {
    const watcher = new Watcher(this.kind.merge, (closed) => this.watchers.delete(closed))
    this.watchers.add(watcher)
    return watcher
  }

  /** Watches from after a number on; null when something after it is not kept any more. */
  resume(afterSeq: number): Watcher<Delta> | null {
    const oldestSeq = this.kept[0]?.seq ?? this.newestSeq + 1
    if (!Number.isSafeInteger(afterSeq) || afterSeq > this.newestSeq || afterSeq < oldestSeq - 1) return null
    const watcher = this.watch()
    for (const change of this.kept) if (change.seq > afterSeq) watcher.add(change)
    return watcher
  }
}

/** One reader of a log. */
export class Watcher<Delta> {
  private readonly merge: DeltaKind<Delta>['merge']
  private readonly onClose: (watcher: Watcher<Delta>) => void
  private waiting: Change<Delta> | null = null
  private wake: (() => void) | null = null

  constructor(merge: DeltaKind<Delta>['merge'], onClose: (watcher: Watcher<Delta>) => void) {
    this.merge = merge
    this.onClose = onClose
  }

  add(change: Change<Delta>): void {
    this.waiting =
      this.waiting === null ? change : { seq: change.seq, delta: this.merge(this.waiting.delta, change.delta) }
    this.wake?.()
  }

  /** Everything since the last call as one change; null when there was nothing for `forMs` or `signal` aborted. */
  async next(forMs: number, signal: AbortSignal): Promise<Change<Delta> | null> {
    if (this.waiting === null && !signal.aborted) {
      const woken = Promise.withResolvers<void>()
      this.wake = woken.resolve
      const timer = setTimeout(woken.resolve, forMs)
      signal.addEventListener('abort', () => woken.resolve(), { once: true })
      await woken.promise
      clearTimeout(timer)
      this.wake = null
    }
    const { waiting } = this
    this.waiting = null
    return signal.aborted ? null : waiting
  }

  close(): void {
    this.onClose(this)
  }
}
