import { lstat } from 'node:fs/promises'
import type { SourceProblem } from '@rushes/upload-core'
import { errorCode } from '../agent-error.ts'
import { isAbsence } from '../capture/whereabouts.ts'
import { openOnDisk, openSource, SourceProblemError } from '../destination/part-source.ts'
import type { SourceFacts } from '../queue/registrations.ts'
import type { StoredSource } from '../queue/stored-upload.ts'
import { expectedOf } from './expected-source.ts'

export type SourceLook =
  | { kind: 'same' }
  /** Another size, date or inode, or other ends; `facts` without keys, since they take reading the file. */
  | { kind: 'different'; facts: SourceFacts }
  | { kind: 'problem'; problem: SourceProblem; code: string }

/**
 * Compares a file with what the queue remembers of it, without opening it unless its time alone speaks against it and times do not last there.
 * `byItsEnds`: there by its ends in any case, since another take may have the size and the date of the one before.
 */
export async function lookAtSource(source: StoredSource, byItsEnds = false): Promise<SourceLook> {
  try {
    const stats = await lstat(source.path, { bigint: true })
    if (!stats.isFile()) return { kind: 'problem', problem: 'notARegularFile', code: '' }
    const facts: SourceFacts = {
      volumeId: source.volumeId,
      inode: stats.ino.toString(),
      inodeIsStable: source.inodeIsStable,
      sizeBytes: Number(stats.size),
      modifiedUs: Number(stats.mtimeNs / 1_000n),
      identityKey: null,
      statKey: null,
    }
    const isSameSize = facts.sizeBytes === source.sizeBytes
    const isSameTime = facts.modifiedUs === source.modifiedUs
    const isSame = isSameSize && isSameTime && (!source.inodeIsStable || facts.inode === source.inode)
    if (isSame && !(byItsEnds && hasKnownEnds(source))) return { kind: 'same' }
    if (isSameSize && (await isKnownByItsEnds(source))) return { kind: 'same' }
    return { kind: 'different', facts }
  } catch (error) {
    if (error instanceof SourceProblemError) return { ...error.failure, kind: 'problem' }
    return { kind: 'problem', problem: isAbsence(error) ? 'missing' : 'unreadable', code: errorCode(error) }
  }
}

const hasKnownEnds = (source: StoredSource): boolean => 'headTailDigest' in expectedOf(source)

async function isKnownByItsEnds(source: StoredSource): Promise<boolean> {
  const expected = expectedOf(source)
  if (!('headTailDigest' in expected)) return false
  try {
    const { path, sizeBytes } = source
    await (await openSource(openOnDisk, { path, offsetBytes: 0, sizeBytes, expected })).close()
    return true
  } catch (error) {
    if (error instanceof SourceProblemError && error.failure.problem !== 'unreadable') return false
    throw error
  }
}
