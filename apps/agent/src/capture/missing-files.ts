import { join } from 'node:path'
import { inherit, isHeir, type TrackedFile } from './file-life.ts'
import type { FolderContext } from './folder-context.ts'
import { tryAgainMs } from './scan-pace.ts'
import { lookAt, type Sighting } from './sighting.ts'
import { isTemporaryName } from './temporary-name.ts'
import { unusableKeyPrefix } from './walk-folder.ts'

/** Made sure of in one turn, so that hints never wait long. */
const maxPerTurn = 256

/**
 * Files that were not found where they were. Each is looked at once more before it counts as gone: the other half of a rename may not have
 * been seen yet, and of a card that was pulled out the files vanish before the mount does.
 */
export class MissingFiles {
  readonly #context: FolderContext
  readonly #dueMs = new Map<string, number>()

  constructor(context: FolderContext) {
    this.#context = context
  }

  has(path: string): boolean {
    return this.#dueMs.has(path)
  }

  nextDueMs(): number {
    let firstMs = Number.POSITIVE_INFINITY
    for (const dueMs of this.#dueMs.values()) firstMs = Math.min(firstMs, dueMs)
    return firstMs
  }

  suspect(path: string): void {
    const { clock, lookGapMs } = this.#context
    if (!this.#dueMs.has(path)) this.#dueMs.set(path, clock.monotonicMs() + lookGapMs)
  }

  acquit(path: string): void {
    this.#dueMs.delete(path)
  }

  /** The file is not under this path any more: says so, and forgets it once that was taken. */
  lose(path: string, file: TrackedFile, volumePresent: boolean): void {
    const { teller, clock } = this.#context
    const isToTell = file.kind !== 'unsettled' || file.wasTold
    if (isToTell && !teller.gone(path, { volumeId: file.volume.id, volumePresent }))
      this.#dueMs.set(path, clock.monotonicMs() + tryAgainMs)
    else this.forget(path)
  }

  /** Looks again at those that are due. `retake` gets what is there after all. */
  async confirm(
    folder: { realRoot: string; isThere(): Promise<boolean> },
    retake: (seen: Sighting) => void,
  ): Promise<void> {
    const { tracked, volumes, clock } = this.#context
    const due = this.#due()
    if (due.length === 0) return
    const sightings = await Promise.all(due.map((path) => this.#lookAgain(folder.realRoot, path)))
    // Asked after the looks: what was unmounted before them is known to be unmounted now.
    await volumes.refresh()
    const isThere = await folder.isThere()
    const heirs = new Map([...tracked.unsettled()].map(([path, file]) => [file.look.inode, path]))
    for (const sighting of sightings) {
      const { path } = sighting
      const file = tracked.get(path)
      if (file === null) this.acquit(path)
      else if (sighting.kind === 'unreadable') this.#dueMs.set(path, clock.monotonicMs() + tryAgainMs)
      else if (sighting.kind !== 'absent') retake(sighting)
      else this.#bury(path, file, isThere && this.#isOnItsVolume(folder.realRoot, path, file), heirs)
    }
  }

  #due(): string[] {
    const nowMs = this.#context.clock.monotonicMs()
    return [...this.#dueMs].flatMap(([path, dueMs]) => (dueMs <= nowMs ? [path] : [])).slice(0, maxPerTurn)
  }

  async #lookAgain(realRoot: string, path: string): Promise<Sighting> {
    // A name that is not UTF-8 cannot be asked for; that the scan did not come by it says enough.
    if (path.startsWith(unusableKeyPrefix)) return { path, kind: 'absent' }
    return lookAt(realRoot, path, this.#context.folder)
  }

  #isOnItsVolume(realRoot: string, path: string, file: TrackedFile): boolean {
    return this.#context.volumes.table().find(join(realRoot, path)).id === file.volume.id
  }

  #bury(path: string, file: TrackedFile, volumePresent: boolean, heirs: ReadonlyMap<bigint, string>): void {
    const { tracked } = this.#context
    const heirPath = heirs.get(file.kind === 'unsettled' ? file.look.inode : file.inode) ?? path
    const heir = heirPath === path ? null : tracked.getUnsettled(heirPath)
    const isRenamed = volumePresent && heir !== null && isHeir(heir, file)
    // That it has its name now is its recorder's word that it is whole.
    const sawWriter = isRenamed && isTemporaryName(path)
    if (isRenamed) tracked.set(heirPath, { ...inherit(heir, file), ...(sawWriter ? { sawWriter } : {}) })
    // Of a renamed file that the queue has, the queue learns when the heir settles; of any other it learns that the name is gone.
    if (isRenamed && (file.kind === 'settled' || file.kind === 'known')) this.forget(path)
    else this.lose(path, file, volumePresent)
  }

  /** Forgets the file without a word: that it has another name now says it all. */
  forget(path: string): void {
    this.#context.tracked.delete(path)
    this.#dueMs.delete(path)
  }
}
