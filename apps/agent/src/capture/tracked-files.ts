import type { RestingFile, TrackedFile, UnsettledFile } from './file-life.ts'

type Entry<File> = { file: File; seenInScan: number }

/** The files of one watch folder by their path below it, with counts, and with what the last full scan came by. */
export class TrackedFiles {
  readonly #unsettled = new Map<string, Entry<UnsettledFile>>()
  readonly #resting = new Map<string, Entry<RestingFile>>()
  readonly #counts = { settled: 0, known: 0, refused: 0 }
  #scan = 0

  get(path: string): TrackedFile | null {
    return (this.#unsettled.get(path) ?? this.#resting.get(path))?.file ?? null
  }

  getUnsettled(path: string): UnsettledFile | null {
    return this.#unsettled.get(path)?.file ?? null
  }

  /** Keeps the file under its path and counts it as seen by the scan under way. */
  set(path: string, file: TrackedFile): void {
    const entry = file.kind === 'unsettled' ? this.#unsettled.get(path) : this.#resting.get(path)
    if (entry !== undefined && entry.file === file) {
      entry.seenInScan = this.#scan
      return
    }
    this.delete(path)
    if (file.kind === 'unsettled') {
      this.#unsettled.set(path, { file, seenInScan: this.#scan })
    } else {
      this.#resting.set(path, { file, seenInScan: this.#scan })
      this.#counts[file.kind] += 1
    }
  }

  delete(path: string): void {
    const resting = this.#resting.get(path)
    if (resting !== undefined) this.#counts[resting.file.kind] -= 1
    this.#resting.delete(path)
    this.#unsettled.delete(path)
  }

  /** Unsettled files; they may be set and deleted on the way. */
  *unsettled(): Generator<[string, UnsettledFile]> {
    for (const [path, entry] of this.#unsettled) yield [path, entry.file]
  }

  *all(): Generator<[string, TrackedFile]> {
    yield* this.unsettled()
    for (const [path, entry] of this.#resting) yield [path, entry.file]
  }

  beginScan(): void {
    this.#scan += 1
  }

  /** What was not come by since the scan began. */
  *unseen(): Generator<string> {
    for (const entries of [this.#unsettled, this.#resting]) {
      for (const [path, entry] of entries) if (entry.seenInScan !== this.#scan) yield path
    }
  }

  get unsettledCount(): number {
    return this.#unsettled.size
  }

  counts(): { settled: number; known: number; refused: number; growing: number } {
    return { ...this.#counts, growing: this.#unsettled.size }
  }
}
