import type { LifecycleEvent } from '@rushes/protocol'
import { applyUploadEvent } from '../../src/queue/apply-upload-event.ts'
import type { Queue } from '../../src/queue/open-queue.ts'

export const cancel = (queue: Queue, id: string) =>
  applyUploadEvent(queue, id, { kind: 'cancelled', reason: 'cancelledOnDevice' })
/** The states that events tell of uploads, and the kinds of other events. */
export const states = (events: readonly LifecycleEvent[]) =>
  events.map(({ body }) => (body.kind === 'uploadChanged' ? body.upload.state : body.kind))
