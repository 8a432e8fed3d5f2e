import { deviceStatus, unblockReason, uploadReport } from '@rushes/protocol'
import { z } from 'zod'
import { clipSchemas } from './clip-schemas.ts'

/** What a command of the command line asks of the queue: answered by the daemon over its socket, or by the command itself when none runs. */

const ids = z.array(z.string().min(1).max(64)).max(100_000).nullable()
const touched = z.object({ ids: z.array(z.string()), byteCount: z.number() })

export const storedPairing = z.object({
  uploadLink: z.object({
    serverUrl: z.string(),
    isOurs: z.boolean(),
    clientId: z.string(),
    clientSecret: z.string().nullable(),
    accessToken: z.string(),
    accessExpiresAt: z.number(),
    refreshToken: z.string(),
  }),
  controlLink: z
    .object({ serverUrl: z.string(), agentUrl: z.string(), deviceId: z.string(), deviceSecret: z.string() })
    .nullable(),
})
export type StoredPairing = z.infer<typeof storedPairing>

/** `list` prints one of these a line. */
export const listedUpload = uploadReport.extend({
  seq: z.number(),
  pinned: z.boolean(),
  xxh64: z.string().nullable(),
  unblocked: z.object({ reason: z.string(), at: z.iso.datetime() }).nullable(),
})
export type ListedUpload = z.infer<typeof listedUpload>

export const statusAnswer = deviceStatus.extend({
  daemon: z.boolean(),
  paired: z.boolean(),
  clientId: z.string(),
  deviceId: z.string().nullable(),
  controlServer: z.string().nullable(),
  /** How the control link stands; null when no daemon runs or there is none. */
  controlLink: z
    .object({
      state: z.string(),
      since: z.string(),
      cause: z.string().nullable(),
      message: z.string(),
      nextAttemptAt: z.string().nullable(),
    })
    .nullable(),
  agentVersion: z.string(),
  /** Why nothing at all moves, the first thing to mend first. */
  notMoving: z.array(z.object({ reason: z.string(), since: z.string().nullable() })),
  /** When the pairing ends, where that is near: the destination was not reached for days. ISO 8601. */
  pairingEndsAt: z.string().nullable(),
  /** What is captured now never uploads; what was captured before does. */
  sharingPaused: z.boolean(),
  leftOut: z.record(z.string(), z.number()).nullable(),
  /** What the settings allow uploads of the line at this moment; null: as much as there is. */
  limitBytesPerSecond: z.number().nullable(),
  /** What came of each watch folder on each volume, which is of each card, those first that are not home. */
  folders: z.array(
    deviceStatus.pick({ counts: true, bytes: true }).extend({
      watchFolder: z.string().nullable(),
      volumeId: z.string(),
      label: z.string().nullable(),
    }),
  ),
})
export type StatusAnswer = z.infer<typeof statusAnswer>

/** A clip on its way; bytes in flight are handed to the network and not acknowledged. */
export const clipProgress = uploadReport
  .pick({ id: true, path: true, state: true, reason: true, sizeBytes: true, bytesAcknowledged: true, bytesLost: true })
  .extend({ bytesInFlight: z.number() })
export type ClipProgress = z.infer<typeof clipProgress>

const progressAnswer = z.object({ status: statusAnswer, clips: z.array(clipProgress) })
export type ProgressAnswer = z.infer<typeof progressAnswer>

/** How many clips one answer of `progress` tells of. */
export const maxProgressClips = 200

const addOutcome = z.object({
  path: z.string(),
  outcome: z.enum(['queued', 'known', 'refused', 'unreadable']),
  id: z.string().optional(),
  state: z.string().optional(),
  reason: z.string().optional(),
  code: z.string().optional(),
  message: z.string().optional(),
})

/** Input and output of every operation, by name. */
export const operationSchemas = {
  status: { input: z.object({}), output: statusAnswer },
  /** The device, and the named clips; without names, those on their way. */
  progress: { input: z.object({ ids: z.array(z.string()).max(maxProgressClips).nullable() }), output: progressAnswer },
  list: { input: z.object({ afterSeq: z.number(), limit: z.number().max(1_000) }), output: z.array(listedUpload) },
  ...clipSchemas,
  add: { input: z.object({ paths: z.array(z.string()).max(1_000), channel: z.number() }), output: z.array(addOutcome) },
  /** Queues what a pipe has left whole in the spool. */
  addPiped: { input: z.object({ id: z.uuid() }), output: addOutcome },
  retry: { input: z.object({ ids }), output: touched },
  reset: { input: z.object({ ids }), output: touched },
  /** `onlyCopies`: files of those that were cancelled that came through a pipe and lie nowhere else. */
  cancel: { input: z.object({ ids }), output: touched.extend({ onlyCopies: z.array(z.string()) }) },
  finish: { input: z.object({ path: z.string().min(1).max(4096) }), output: z.object({ finished: z.boolean() }) },
  pin: {
    input: z.object({ ids: z.array(z.string()), pinned: z.boolean() }),
    output: z.object({ ids: z.array(z.string()) }),
  },
  hold: { input: z.object({}), output: z.object({ changed: z.boolean() }) },
  release: {
    input: z.object({ ids: z.array(z.string()) }),
    output: z.object({ changed: z.boolean(), ids: z.array(z.string()) }),
  },
  /** Offers a clip once more that was captured in a pause; no id when there is none to offer. */
  unblock: {
    input: z.object({ id: z.string().min(1).max(64), reason: unblockReason }),
    output: z.object({ ids: z.array(z.string()) }),
  },
  restore: { input: z.object({ ids }), output: touched },
  /** What a restore of everything would take back. `elsewhere`: clips that belong to other projects and stay cleared. */
  restorable: {
    input: z.object({}),
    output: z.object({ count: z.number(), byteCount: z.number(), elsewhere: z.number() }),
  },
  /** Fails when whoever answers would not send clips to this address; to be asked before a pairing that ends the one before. */
  admitAddress: { input: z.object({ serverUrl: z.string() }), output: z.object({}) },
  pair: {
    input: storedPairing,
    output: z.object({ confirmed: z.string(), project: z.object({ id: z.string(), name: z.string() }).nullable() }),
  },
  deauthorize: { input: z.object({}), output: z.object({ revoked: z.boolean() }) },
  clientId: { input: z.object({}), output: z.string() },
} as const satisfies Record<string, { input: z.ZodType; output: z.ZodType }>

export type OperationName = keyof typeof operationSchemas
export type OperationInput<N extends OperationName> = z.infer<(typeof operationSchemas)[N]['input']>
export type OperationOutput<N extends OperationName> = z.infer<(typeof operationSchemas)[N]['output']>
export type Operations = { [N in OperationName]: (input: OperationInput<N>) => Promise<OperationOutput<N>> }
