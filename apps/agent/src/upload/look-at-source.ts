import { lstat } from 'node:fs/promises'
import type { SourceProblem } from '@rushes/upload-core'
import { errorCode } from '../agent-error.ts'
import { isAbsence } from '../capture/whereabouts.ts'
import type { SourceFacts } from '../queue/registrations.ts'
import type { StoredSource } from '../queue/stored-upload.ts'

export type SourceLook =
  | { kind: 'same' }
  /** Another size, date or inode; `facts` without keys, since they take reading the file. */
  | { kind: 'different'; facts: SourceFacts }
  | { kind: 'problem'; problem: SourceProblem; code: string }

/** Compares a file with what the queue remembers of it, without opening it. */
export async function lookAtSource(source: StoredSource): Promise<SourceLook> {
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
    const isSame =
      facts.sizeBytes === source.sizeBytes &&
      facts.modifiedUs === source.modifiedUs &&
      (!source.inodeIsStable || facts.inode === source.inode)
    return isSame ? { kind: 'same' } : { kind: 'different', facts }
  } catch (error) {
    return { kind: 'problem', problem: isAbsence(error) ? 'missing' : 'unreadable', code: errorCode(error) }
  }
}
