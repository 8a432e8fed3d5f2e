import type { WatchFolder } from '../capture/capture-port.ts'
import { clipNameOf } from '../capture/temporary-name.ts'
import type { NewUpload } from '../queue/add-upload.ts'

export const isNewestFirst = ({ order }: WatchFolder): boolean => order === 'newest-first'

export const nameOf = (path: string): { name: string } => ({ name: clipNameOf(path) })

/** A file of which nothing was read yet. */
export const unreadSource = (path: string, sizeBytes: number, watchFolder: WatchFolder): NewUpload['file'] => ({
  path,
  watchFolder: watchFolder.path,
  volumeId: '',
  inode: '',
  inodeIsStable: false,
  sizeBytes,
  modifiedUs: 0,
  identityKey: null,
  statKey: null,
})
