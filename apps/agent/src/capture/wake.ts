import type { CaptureClock } from './capture-port.ts'

/** A pause that can be cut short. A call of `now` while nobody waits makes the next pause none at all. */
export class Wake {
  readonly #clock: CaptureClock
  #isDue = false
  #pause: AbortController | null = null

  constructor(clock: CaptureClock) {
    this.#clock = clock
  }

  now(): void {
    this.#isDue = true
    this.#pause?.abort()
  }

  async wait(durationMs: number): Promise<void> {
    if (!this.#isDue && durationMs > 0) {
      const pause = new AbortController()
      this.#pause = pause
      try {
        await this.#clock.sleep(durationMs, { signal: pause.signal })
      } catch (error) {
        if (!pause.signal.aborted) throw error
      } finally {
        this.#pause = null
      }
    }
    this.#isDue = false
  }
}
