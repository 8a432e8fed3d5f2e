/** States of an upload as the agent lists and reports them (interfaces: `rushes-agent list --json`). */
export const uploadStates = [
  'growing',
  'queued',
  'registering',
  'uploading',
  'waiting',
  'held',
  'uploaded',
  'verified',
  'failed',
  'blocked',
  'cancelled',
  'cleared',
  'refused',
] as const
export type UploadState = (typeof uploadStates)[number]

/** No further bytes move in these without a person's decision. */
export const settledUploadStates = [
  'uploaded',
  'verified',
  'failed',
  'blocked',
  'cancelled',
  'cleared',
  'refused',
] as const satisfies readonly UploadState[]
