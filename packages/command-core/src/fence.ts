import type { CommandBody } from '@rushes/protocol'

/**
 * Whether a command that was given before an assignment still makes sense after it. What names uploads, or clears the queue,
 * was meant for the former project: carried out later, it would strike the new one.
 */
export function isOvertakenBy(body: CommandBody, assignment: { projectEpoch: number }): boolean {
  switch (body.kind) {
    case 'clearQueue':
    case 'retryUploads':
    case 'unblockUpload':
      return true
    case 'releaseUploads':
      // Without names it ends the hold alone, and the hold is the device's, not the project's.
      return body.uploadIds !== null
    case 'holdUploads':
      return false
    case 'assignProject':
      return body.projectEpoch < assignment.projectEpoch
  }
}

/**
 * Whether an assignment is history for a device that already stands at that epoch or beyond. It is answered as carried out:
 * the device reads its project from the destination, which knows the newest one.
 */
export function isEpochReached(device: { projectEpoch: number }, order: { projectEpoch: number }): boolean {
  return device.projectEpoch >= order.projectEpoch
}
