import type { FileLook } from './file-identity.ts'

const maxRemembered = 1_000

/** When files were first seen under names that are left out, by inode: a recorder that renames its file when it is whole began it long before. */
export class TemporaryStarts {
  readonly #starts = new Map<string, number | 'unknown'>()

  /** Only the first time counts. Of too many the oldest are forgotten. */
  remember(look: FileLook, startedAt: number | 'unknown'): void {
    const key = keyOf(look)
    if (this.#starts.has(key)) return
    this.#starts.set(key, startedAt)
    const oldest = this.#starts.keys().next().value
    if (this.#starts.size > maxRemembered && oldest !== undefined) this.#starts.delete(oldest)
  }

  take(look: FileLook): number | 'unknown' | null {
    const key = keyOf(look)
    const startedAt = this.#starts.get(key) ?? null
    this.#starts.delete(key)
    return startedAt
  }
}

const keyOf = (look: FileLook): string => `${look.device}:${look.inode}`
