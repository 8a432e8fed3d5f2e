/**
 * Why an upload is in the state it is in. State says *what*, a reason says *why* and what resolves it.
 * Reasons are data, shared by the agent, the API, the command line and the browser, so that all of them say the same.
 */

/** What a person can do about it. `none`: it heals by itself, or cannot be healed. */
export type ReasonAction =
  | 'none'
  | 'retry'
  | 'release'
  | 'resumeSharing'
  | 'reconnectSource'
  | 'pairAgain'
  | 'freeSpace'
  | 'restore'
  | 'assignProject'
  | 'fixDestination'

export type Reason = {
  /** A short phrase in plain words, for a table cell. */
  title: string
  /** One sentence: what happened and what comes next. */
  explanation: string
  action: ReasonAction
  /** `info`: nothing is wrong; `warning`: it waits for something; `problem`: it will not move without a person. */
  severity: 'info' | 'warning' | 'problem'
}

export const reasonCodes = [
  // waiting
  'settling',
  'backoff',
  'offline',
  'destinationDown',
  'rateLimited',
  'urlExpired',
  'diskFull',
  'sourceRemoved',
  'notPaired',
  'noProject',
  'authorizationLost',
  'forbidden',
  'quotaExceeded',
  'deprioritised',
  'awaitingRestart',
  'createUncertain',
  'awaitingFence',
  'clockSkewed',
  // held
  'heldByOperator',
  'capturedBeforePairing',
  'sharingPausedNow',
  'queueRebuilt',
  'manualFolder',
  // blocked
  'capturedInPause',
  // refused
  'emptyFile',
  'tooLarge',
  'notARegularFile',
  'outsideWatchFolder',
  'unusableName',
  // failed
  'readError',
  'sourceChanged',
  'sourceTruncated',
  'rejectedByDestination',
  'attemptsExhausted',
  'digestMismatch',
  'uploadLostByDestination',
  // cancelled
  'cancelledByOperator',
  'cancelledOnDevice',
  // cleared
  'projectChanged',
  'clearedByOperator',
  'sourceDeleted',
] as const

export type ReasonCode = (typeof reasonCodes)[number]

const reason = (severity: Reason['severity'], action: ReasonAction, title: string, explanation: string): Reason => ({
  title,
  explanation,
  action,
  severity,
})

export const reasons: Record<ReasonCode, Reason> = {
  settling: reason(
    'info',
    'none',
    'still being written',
    'The file still grows or was changed a moment ago; it is queued as soon as it rests.',
  ),
  backoff: reason(
    'warning',
    'none',
    'will try again',
    'The last try failed in a way that usually passes; the next one is scheduled.',
  ),
  offline: reason(
    'warning',
    'none',
    'no network',
    'The device has no route to the destination; uploading resumes by itself.',
  ),
  destinationDown: reason(
    'warning',
    'none',
    'destination not answering',
    'The destination answers with errors; uploading resumes by itself when it recovers.',
  ),
  rateLimited: reason(
    'info',
    'none',
    'slowed by the destination',
    'The destination asked for fewer requests; the device waits and goes on.',
  ),
  urlExpired: reason(
    'warning',
    'none',
    'upload address expired',
    'The signed addresses ran out; new ones are asked for.',
  ),
  diskFull: reason(
    'problem',
    'freeSpace',
    'device disk full',
    'The device cannot write its queue; free some space on it and it goes on.',
  ),
  sourceRemoved: reason(
    'warning',
    'reconnectSource',
    'card or drive removed',
    'The volume with this file is gone; connect it again and the upload goes on where it stopped.',
  ),
  notPaired: reason('problem', 'pairAgain', 'not paired', 'The device has no pairing; pair it and the queue goes on.'),
  noProject: reason('problem', 'assignProject', 'no project', 'The device belongs to no project yet; assign one.'),
  authorizationLost: reason(
    'problem',
    'pairAgain',
    'authorization lost',
    'The destination no longer accepts this device; pair it again. The queue is kept.',
  ),
  forbidden: reason(
    'problem',
    'fixDestination',
    'refused by the destination',
    'The destination forbids this device to upload; it tries again every few minutes.',
  ),
  quotaExceeded: reason(
    'problem',
    'fixDestination',
    'destination is full',
    'The destination has no room or no quota left; it tries again every few minutes.',
  ),
  deprioritised: reason(
    'warning',
    'none',
    'failing, put behind others',
    'It failed several times; other clips go first, then it is tried again.',
  ),
  awaitingRestart: reason(
    'problem',
    'retry',
    'last try after next restart',
    'All tries are used up; one more is made after the device has restarted, or now if you press Retry.',
  ),
  createUncertain: reason(
    'warning',
    'none',
    'checking with the destination',
    'The reply to the registration was lost; it is repeated with care so that no second clip comes of it.',
  ),
  awaitingFence: reason(
    'info',
    'none',
    'changing project',
    'The device is confirming its move to another project; nothing is sent until that is done.',
  ),
  clockSkewed: reason(
    'problem',
    'none',
    'device clock is wrong',
    'The destination refuses signatures made at the time that the device believes it is; set its clock.',
  ),
  heldByOperator: reason(
    'info',
    'release',
    'uploads on hold',
    'An operator holds uploads on this device; they go up after Release.',
  ),
  capturedBeforePairing: reason(
    'info',
    'release',
    'captured before pairing',
    'This was captured before the device was paired to this project, or nothing shows that it was captured later; release it to upload it.',
  ),
  sharingPausedNow: reason(
    'info',
    'resumeSharing',
    'sharing is paused',
    'What is captured from now on never uploads; what was captured before the pause goes up.',
  ),
  queueRebuilt: reason(
    'problem',
    'release',
    'queue was rebuilt',
    'The queue file was damaged and rebuilt; check that this clip is not at the destination yet, then release it.',
  ),
  manualFolder: reason(
    'info',
    'release',
    'waits to be chosen',
    'This watch folder uploads only what is chosen by hand.',
  ),
  capturedInPause: reason(
    'info',
    'none',
    'captured while sharing was paused',
    'It was captured while sharing was paused and never uploads by itself; it can be offered once more, with a reason.',
  ),
  emptyFile: reason('warning', 'none', 'empty file', 'The file has no bytes; there is nothing to upload.'),
  tooLarge: reason('problem', 'none', 'too large', 'The file is larger than the destination can take (5 TiB).'),
  notARegularFile: reason('warning', 'none', 'not a regular file', 'Only regular files are uploaded.'),
  outsideWatchFolder: reason(
    'problem',
    'none',
    'leads out of the watch folder',
    'The path leads out of its watch folder and was not followed.',
  ),
  unusableName: reason(
    'problem',
    'none',
    'unusable file name',
    'The destination cannot store a file of this name; rename it.',
  ),
  readError: reason(
    'problem',
    'retry',
    'cannot be read',
    'The device could not read the file; check the card, then retry.',
  ),
  sourceChanged: reason(
    'problem',
    'retry',
    'changed while uploading',
    'The file was changed or replaced during the upload; Retry uploads it as it is now.',
  ),
  sourceTruncated: reason(
    'problem',
    'retry',
    'became shorter while uploading',
    'The file lost bytes during the upload; Retry uploads it as it is now.',
  ),
  rejectedByDestination: reason(
    'problem',
    'retry',
    'rejected by the destination',
    'The destination refused this clip; the error has its words.',
  ),
  attemptsExhausted: reason('problem', 'retry', 'all tries used up', 'Every try failed; see the errors, then Retry.'),
  digestMismatch: reason(
    'problem',
    'retry',
    'stored bytes differ',
    'The destination stored other bytes than the device sent; Retry uploads it anew.',
  ),
  uploadLostByDestination: reason(
    'problem',
    'retry',
    'upload lost by the destination',
    'The destination no longer knows this upload; Retry starts it anew.',
  ),
  cancelledByOperator: reason(
    'info',
    'retry',
    'cancelled by an operator',
    'An operator cancelled this upload; Retry queues it again.',
  ),
  cancelledOnDevice: reason(
    'info',
    'retry',
    'cancelled on the device',
    'It was cancelled on the device; Retry queues it again.',
  ),
  projectChanged: reason(
    'info',
    'restore',
    'cleared: project changed',
    'It was queued for another project and was cleared when the device moved.',
  ),
  clearedByOperator: reason(
    'info',
    'restore',
    'cleared by an operator',
    'An operator cleared the queue of this device. On the device, rushes-agent restore takes it back.',
  ),
  sourceDeleted: reason('info', 'none', 'file deleted', 'The file was deleted on the device before it was uploaded.'),
}
