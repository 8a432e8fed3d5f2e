import { mergeWakes } from './merge-wakes.ts'
import type { Wake } from './wake-payload.ts'

/** Gathers wake-ups and passes them on merged: the first after `delayMs`, whatever comes meanwhile with it. */
export class DebouncedWakes {
  private readonly delayMs: number
  private readonly pass: (wake: Wake) => void
  private waiting: Wake | null = null
  private timer: NodeJS.Timeout | null = null

  constructor(delayMs: number, pass: (wake: Wake) => void) {
    this.delayMs = delayMs
    this.pass = pass
  }

  add(wake: Wake): void {
    this.waiting = this.waiting === null ? wake : mergeWakes(this.waiting, wake)
    this.timer ??= setTimeout(() => this.flush(), this.delayMs)
  }

  /** Passes on what waits, now. */
  flush(): void {
    if (this.timer !== null) clearTimeout(this.timer)
    this.timer = null
    const { waiting } = this
    this.waiting = null
    if (waiting !== null) this.pass(waiting)
  }
}
