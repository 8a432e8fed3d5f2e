import type { CommandKind } from './commands.ts'

export const commandKinds = [
  'retryUploads',
  'clearQueue',
  'holdUploads',
  'releaseUploads',
  'unblockUpload',
  'assignProject',
] as const satisfies readonly CommandKind[]
