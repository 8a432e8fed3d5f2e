import type { UnreadableFile } from '../capture/capture-port.ts'
import { mediaTypeOf } from '../capture/media-type.ts'
import { addUpload } from '../queue/add-upload.ts'
import { findByPath } from '../queue/known-files.ts'
import type { Queue } from '../queue/open-queue.ts'
import { appendUploadChanged } from '../queue/outbox.ts'
import { recordUploadError } from '../queue/stored-errors.ts'
import { isElsewhere, isStillToCome } from './row-of-path.ts'
import { isNewestFirst, nameOf, unreadSource } from './unread-file.ts'

/** A clip of which nothing can be read is one all the same: without a row the card that it lies on would count as home. */
export function takeInUnreadable(queue: Queue, file: UnreadableFile): void {
  const { path, sizeBytes, volumeId, watchFolder } = file
  const known = findByPath(queue, path, volumeId)
  const isKnown = known !== null && !isElsewhere(known, volumeId)
  // What has a row already says by itself how it fares; on cards all is read again at each start.
  if (isKnown && known.state.kind !== 'growing' && (isStillToCome(known) || known.source.sizeBytes === sizeBytes))
    return
  const id =
    isKnown && known.state.kind === 'growing'
      ? known.id
      : addUpload(queue, {
          ...nameOf(path),
          mimeType: mediaTypeOf(path),
          channel: watchFolder.channel,
          capturedAt: null,
          newestFirst: isNewestFirst(watchFolder),
          file: { ...unreadSource(path, sizeBytes, watchFolder), volumeId },
          entry: { kind: 'growing' },
        })
  const message = `the file cannot be read: ${file.error.message}`.slice(0, 500)
  recordUploadError(queue, id, { class: 'file', code: file.error.code, message })
  appendUploadChanged(queue, id)
}
