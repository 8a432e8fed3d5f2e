import { z } from 'zod'

/**
 * Commands an operator sends to devices. A command is one row; each device it goes to has one execution.
 * Both machines live in `command-core`; this file is what travels.
 */

export const commandStates = ['draft', 'active', 'done', 'cancelled', 'aborted'] as const
export type CommandState = (typeof commandStates)[number]

export const executionStates = [
  'queued',
  'delivered',
  'acknowledged',
  'running',
  'succeeded',
  'failed',
  'rejected',
  'timedOut',
  'expired',
  'cancelled',
  'superseded',
] as const
export type ExecutionState = (typeof executionStates)[number]

export const finalExecutionStates = [
  'succeeded',
  'failed',
  'rejected',
  'timedOut',
  'expired',
  'cancelled',
  'superseded',
] as const satisfies readonly ExecutionState[]

/** Why a clip that was captured in a pause is to be offered once more. */
export const unblockReason = z.string().trim().min(1).max(500)

/** What a device is told to do. `kind` decides the fields. */
export const commandBody = z.discriminatedUnion('kind', [
  /** Queue failed, cancelled or awaiting-restart uploads again with fresh tries: the named ones, or all that failed. */
  z.object({ kind: z.literal('retryUploads'), uploadIds: z.array(z.string().max(64)).min(1).max(500).nullable() }),
  /** Clear whatever is not uploaded yet; rows are kept as `cleared`. */
  z.object({ kind: z.literal('clearQueue') }),
  /** Put uploads on hold: the queue waits and goes on later. */
  z.object({ kind: z.literal('holdUploads') }),
  /** End the hold, and release the named held uploads (or, with null, none but the hold). */
  z.object({ kind: z.literal('releaseUploads'), uploadIds: z.array(z.string().max(64)).min(1).max(500).nullable() }),
  /** Offer one clip once more that was captured in a pause. The reason is kept with it; a pause that still covers its capture blocks it again. */
  z.object({ kind: z.literal('unblockUpload'), uploadId: z.string().min(1).max(64), reason: unblockReason }),
  /** The device was moved: refresh, read `/v2/devices/me`, clear, send the receipt. */
  z.object({
    kind: z.literal('assignProject'),
    projectId: z.string().max(64).nullable(),
    projectName: z.string().max(255).nullable(),
    projectEpoch: z.number().int().positive(),
  }),
])
export type CommandBody = z.infer<typeof commandBody>
export type CommandKind = CommandBody['kind']

/** Destructive commands of one device run in the order they were given; ordinary ones may overtake. */
export const commandLanes: Record<CommandKind, 'ordinary' | 'destructive'> = {
  retryUploads: 'ordinary',
  clearQueue: 'destructive',
  holdUploads: 'ordinary',
  releaseUploads: 'ordinary',
  unblockUpload: 'ordinary',
  assignProject: 'destructive',
}

/** What the device did, in numbers. */
export const commandResult = z.object({
  fileCount: z.number().int().nonnegative(),
  byteCount: z.number().int().nonnegative(),
  /** xxh64 over the affected upload ids, sorted, one a line. */
  idsXxh64: z.string().max(16).nullable(),
  /** A sentence for the operator. */
  summary: z.string().max(300),
})
export type CommandResult = z.infer<typeof commandResult>
