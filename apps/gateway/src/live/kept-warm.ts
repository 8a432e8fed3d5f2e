/**
 * Something that is made when the first viewer comes and dropped a while after the last one left, so that a browser that reconnects
 * finds it as it was.
 */
export class KeptWarm<Value> {
  private readonly make: () => Promise<Value>
  private readonly keepMs: number
  private readonly onCold: () => void
  private made: Promise<Value> | null = null
  private value: Value | null = null
  private viewerCount = 0
  private timer: NodeJS.Timeout | null = null

  constructor(options: { make: () => Promise<Value>; keepMs: number; onCold: () => void }) {
    this.make = options.make
    this.keepMs = options.keepMs
    this.onCold = options.onCold
  }

  /** Null while nobody has come, or it is being made, or it was dropped. */
  get current(): Value | null {
    return this.value
  }

  /** Whether it is there, or being made. */
  get isWarm(): boolean {
    return this.made !== null
  }

  /** Comes in; `leave` has to be called once, also when making failed. */
  enter(): { value: Promise<Value>; leave: () => void } {
    this.viewerCount += 1
    if (this.timer !== null) clearTimeout(this.timer)
    this.timer = null
    this.made ??= this.makeNow()
    let isInside = true
    const leave = () => {
      if (!isInside) return
      isInside = false
      this.viewerCount -= 1
      if (this.viewerCount === 0) this.timer = setTimeout(() => this.drop(), this.keepMs)
    }
    return { value: this.made, leave }
  }

  drop(): void {
    if (this.timer !== null) clearTimeout(this.timer)
    this.timer = null
    this.made = null
    this.value = null
    this.onCold()
  }

  private async makeNow(): Promise<Value> {
    try {
      const value = await this.make()
      this.value = value
      return value
    } catch (error) {
      this.made = null // the next viewer tries again
      throw error
    }
  }
}
