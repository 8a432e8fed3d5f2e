/**
 * Works off what a connection sends, one after the other and in order. Bounded: above the high mark the source is asked to
 * pause, below the low one to go on, so that a sender that is faster than the database waits in its own TCP window.
 */
export class InboundQueue<Item> {
  private readonly waiting: Item[] = []
  private readonly work: (item: Item) => Promise<void>
  private readonly source: { pause: () => void; resume: () => void }
  private isWorking = false
  private isPaused = false
  private isClosed = false

  static readonly highMark = 64
  static readonly lowMark = 16

  constructor(work: (item: Item) => Promise<void>, source: { pause: () => void; resume: () => void }) {
    this.work = work
    this.source = source
  }

  /** Whether the source was asked to pause: then its silence says nothing. */
  get paused(): boolean {
    return this.isPaused
  }

  push(item: Item): void {
    if (this.isClosed) return
    this.waiting.push(item)
    if (!this.isPaused && this.waiting.length >= InboundQueue.highMark) {
      this.isPaused = true
      this.source.pause()
    }
    if (!this.isWorking) void this.workOff()
  }

  /** Drops what waits; what is being worked on is finished. */
  close(): void {
    this.isClosed = true
    this.waiting.length = 0
  }

  private async workOff(): Promise<void> {
    this.isWorking = true
    for (let item = this.waiting.shift(); item !== undefined; item = this.waiting.shift()) {
      await this.work(item)
      if (this.isPaused && this.waiting.length <= InboundQueue.lowMark && !this.isClosed) {
        this.isPaused = false
        this.source.resume()
      }
    }
    this.isWorking = false
  }
}
