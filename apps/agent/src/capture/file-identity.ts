import type { FileIdentity } from './capture-port.ts'
import { isAtOrBelow } from './mount-table.ts'
import type { MountedVolume } from './volume-table.ts'

/** What a look at a file's directory entry shows; nothing of the file itself was read. */
export type FileLook = {
  sizeBytes: number
  mtimeNs: bigint
  inode: bigint
  device: bigint
  /** Absent where it does not matter, 0 where none is kept. */
  birthtimeNs?: bigint
}

/** Birth time by the file system, milliseconds since 1970; null where it keeps none. */
export const bornAtOf = ({ birthtimeNs = 0n }: Pick<FileLook, 'birthtimeNs'>): number | null =>
  birthtimeNs > 0n ? Number(birthtimeNs / 1_000_000n) : null

/** Of a directory always with its birth: file systems give the inode of a deleted one to the next. */
export type DirectoryLook = Required<FileLook>

/** Puts an identity together; `FileIdentity` says what it is made of. `realPath` is without symbolic links. */
export function identityOf(
  look: FileLook,
  volume: MountedVolume,
  realPath: string,
  headTailDigest: string,
): FileIdentity {
  const pathOnVolume = isAtOrBelow(realPath, volume.mountPoint)
    ? realPath.slice(volume.mountPoint === '/' ? 1 : volume.mountPoint.length + 1)
    : realPath
  const statKey = statKeyOf(look, volume)
  const key =
    statKey === null
      ? joinKey('path', volume.id, look.sizeBytes, headTailDigest, pathOnVolume)
      : `${statKey}:${headTailDigest}`
  return {
    key,
    statKey,
    volumeId: volume.id,
    inode: String(look.inode),
    inodeIsStable: volume.keepsInodes,
    pathOnVolume,
    sizeBytes: look.sizeBytes,
    mtimeNs: String(look.mtimeNs),
    headTailDigest,
  }
}

/** The digest of a file's two ends, out of its key; null for a key that is none. */
export function headTailDigestOf(key: string): string | null {
  const [kind, ...parts] = key.split(':')
  const digest = kind === 'inode' ? parts[4] : kind === 'path' ? parts[2] : undefined
  return digest ?? null
}

/** The key by which an unchanged file is known again without reading it; null where inodes do not last. */
export function statKeyOf(look: FileLook, volume: MountedVolume): string | null {
  return volume.keepsInodes ? joinKey('inode', volume.id, look.inode, look.sizeBytes, look.mtimeNs) : null
}

/** Percent-coding keeps a separator inside a part from being taken for one between parts. */
function joinKey(...parts: readonly (string | number | bigint)[]): string {
  return parts.map((part) => encodeURIComponent(String(part))).join(':')
}
