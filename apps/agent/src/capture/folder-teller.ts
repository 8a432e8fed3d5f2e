import { join } from 'node:path'
import type { Logger } from 'pino'
import type {
  CaptureListener,
  ChangedFile,
  GoneFile,
  RefusedFile,
  SettledFile,
  UnreadableFile,
  WatchFolder,
} from './capture-port.ts'
import { bornAtOf } from './file-identity.ts'
import type { UnsettledFile } from './file-life.ts'
import { unusableKeyPrefix } from './walk-folder.ts'

/** Longest path that reports carry. */
const maxShownPathLength = 4_096

/** Speaks to the listener about one watch folder. Each method says whether the listener took it; what it throws ends here, in the log, or ends the
 * step that it was part of. */
export class FolderTeller {
  readonly #folder: WatchFolder
  readonly #root: string
  readonly #listener: CaptureListener
  readonly #log: Logger
  #isSilent = false
  #isTogether = false

  constructor(folder: WatchFolder, root: string, listener: CaptureListener, log: Logger) {
    this.#folder = folder
    this.#root = root
    this.#listener = listener
    this.#log = log
  }

  /** After `stop`: nobody is called any more. */
  fallSilent(): void {
    this.#isSilent = true
  }

  get isSilent(): boolean {
    return this.#isSilent
  }

  /** What is told within is noted in one step; false: it could not be, and nothing of it was. */
  together(tellAll: () => void): boolean {
    if (this.#isSilent) return false
    this.#isTogether = true
    try {
      this.#listener.together(tellAll)
      return true
    } catch (error) {
      this.#log.warn(
        { err: error, watchFolder: this.#root },
        'could not hand over what was seen of several files; telling of one after the other',
      )
      return false
    } finally {
      this.#isTogether = false
    }
  }

  settled = (file: SettledFile): boolean => this.#tell(() => this.#listener.onSettled(file))
  moved = (file: SettledFile, from: string): boolean => this.#tell(() => this.#listener.onMoved(file, from))
  known = (file: SettledFile): boolean => this.#tell(() => this.#listener.onKnown(file))

  growing = (path: string, { look, volume, firstSeenAt, wasThere }: UnsettledFile): boolean =>
    this.#tell(() =>
      this.#listener.onGrowing({
        ...this.#locate(path),
        ...{
          sizeBytes: look.sizeBytes,
          since: firstSeenAt,
          sawBegin: !wasThere,
          bornAt: bornAtOf(look),
          modifiedUs: Number(look.mtimeNs / 1_000n),
        },
        ...{ volumeId: volume.id, inode: String(look.inode), inodeIsStable: volume.keepsInodes },
      }),
    )

  changed = (path: string, file: Pick<ChangedFile, 'sizeBytes' | 'volumeId' | 'change'>): boolean =>
    this.#tell(() => this.#listener.onChanged({ ...this.#locate(path), ...file }))

  refused = (path: string, file: { sizeBytes: number; reason: RefusedFile['reason'] }): boolean =>
    this.#tell(() => this.#listener.onRefused({ ...this.#locate(path), ...file }))

  unreadable = (path: string, file: Pick<UnreadableFile, 'sizeBytes' | 'volumeId' | 'error'>): boolean =>
    this.#tell(() => this.#listener.onUnreadable({ ...this.#locate(path), ...file }))

  gone = (path: string, file: Pick<GoneFile, 'volumeId' | 'volumePresent'>): boolean =>
    this.#tell(() => this.#listener.onGone({ ...this.#locate(path), ...file }))

  #locate(path: string): { path: string; relativePath: string; watchFolder: WatchFolder } {
    const relativePath = path.startsWith(unusableKeyPrefix) ? path.slice(unusableKeyPrefix.length) : path
    const shown = join(this.#root, relativePath).slice(0, maxShownPathLength)
    return { path: shown, relativePath, watchFolder: this.#folder }
  }

  #tell(call: () => void): boolean {
    if (this.#isSilent) return false
    try {
      call()
      return true
    } catch (error) {
      if (this.#isTogether) throw error
      // The queue could not be written, say: the file is offered again, and the other files must not suffer.
      this.#log.error(
        { err: error, watchFolder: this.#root },
        'could not hand over what was seen of a file; trying again later',
      )
      return false
    }
  }
}
