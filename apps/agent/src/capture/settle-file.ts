import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import type { FileIdentity, KnownFiles, SettledFile, WatchFolder } from './capture-port.ts'
import { identityOf } from './file-identity.ts'
import { captureTimeOf, firstGrowthOf, isByOwnClock, type UnsettledFile } from './file-life.ts'
import { inspectFile } from './inspect-file.ts'
import { mediaTypeOf } from './media-type.ts'

export type Settlement =
  | { kind: 'empty' }
  /** Nothing holds its identity. */
  | { kind: 'new'; settled: SettledFile }
  /** The queue has it, under this name or under another one that is still there too. */
  | { kind: 'known'; settled: SettledFile }
  /** The queue has it under a name that is gone, or has given it up because it was gone. */
  | { kind: 'moved'; settled: SettledFile; from: string; wasGivenUp: boolean }
  | { kind: 'changed' }
  | { kind: 'absent' }
  | { kind: 'unreadable'; error: { code: string; message: string } }

type Place = { watchFolder: WatchFolder; realRoot: string; relativePath: string; path: string }

/** Reads what makes up the identity of a file that has rested and finds out whether it is a new one. */
export async function settleFile(file: UnsettledFile, place: Place, known: KnownFiles): Promise<Settlement> {
  const { look, volume } = file
  if (look.sizeBytes === 0) return { kind: 'empty' }
  const realPath = join(place.realRoot, place.relativePath)
  const inspection = await inspectFile(realPath, look)
  if (inspection.kind !== 'read') return inspection
  const identity = identityOf(look, volume, realPath, inspection.headTailDigest)
  const captureTime = captureTimeOf(file, inspection.embeddedCreationAt, inspection.birthtime)
  const settled: SettledFile = {
    path: place.path,
    relativePath: place.relativePath,
    watchFolder: place.watchFolder,
    identity,
    sizeBytes: look.sizeBytes,
    modifiedAt: Number(look.mtimeNs / 1_000_000n),
    birthtime: inspection.birthtime,
    firstGrowthSeenAt: firstGrowthOf(file),
    embeddedCreationAt: inspection.embeddedCreationAt,
    capturedAt: captureTime.at,
    isByOwnClock: isByOwnClock(file, captureTime),
    mediaType: mediaTypeOf(place.path),
  }
  const row = known.find(identity)
  if (row === null) return { kind: 'new', settled }
  if (!row.isGivenUp && (row.path === place.path || (await liesAt(row.path, identity))))
    return { kind: 'known', settled }
  return { kind: 'moved', settled, from: row.path, wasGivenUp: row.isGivenUp }
}

/** Whether the file is (also) at the path that the queue knows: a hard link, or a second way to the same folder. */
async function liesAt(path: string, identity: FileIdentity): Promise<boolean> {
  try {
    const stat = await lstat(path, { bigint: true })
    return Number(stat.size) === identity.sizeBytes && (!identity.inodeIsStable || String(stat.ino) === identity.inode)
  } catch {
    // Whatever keeps it from being looked at there, here it can be read.
    return false
  }
}
