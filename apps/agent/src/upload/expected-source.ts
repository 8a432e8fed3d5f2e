import { headTailDigestOf } from '../capture/file-identity.ts'
import type { ExpectedSource } from '../destination/port.ts'
import type { StoredSource } from '../queue/stored-upload.ts'

/** By what the file of an upload is known again when it is read: what makes up its identity. */
export function expectedOf({
  sizeBytes,
  modifiedUs,
  inode,
  inodeIsStable,
  identityKey,
}: Pick<StoredSource, 'sizeBytes' | 'modifiedUs' | 'inode' | 'inodeIsStable' | 'identityKey'>): ExpectedSource {
  if (inodeIsStable) return { sizeBytes, modifiedUs, inode }
  const headTailDigest = identityKey === null ? null : headTailDigestOf(identityKey)
  if (headTailDigest === null) return { sizeBytes, modifiedUs, inode: null }
  return { sizeBytes, modifiedUs: null, inode: null, headTailDigest }
}
