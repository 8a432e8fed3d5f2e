import { z } from 'zod'
import { purgeReceipt } from '../additions.ts'
import { commandKinds } from '../command-kinds.ts'
import { commandResult } from '../commands.ts'
import { uploadReport } from '../uploads.ts'
import { deviceStatus } from './status.ts'

/**
 * Frames from the agent to the gateway: JSON text, one object a message, at most `maxLinkMessageBytes`.
 * Order: `hello` first; after `welcome` a snapshot (`snapshotBegin`, `snapshotUploads`…, `snapshotEnd`), then deltas.
 * Lifecycle events and execution updates are kept by the agent until acknowledged and may arrive again;
 * `status` and `progress` are conflated by the agent and may be lost.
 */

/** A lifecycle fact, durable on the device. `seq` grows by one per event of one outbox; gaps never occur. */
export const lifecycleEvent = z.object({
  seq: z.number().int().positive(),
  bootId: z.string().max(64),
  at: z.iso.datetime(),
  body: z.discriminatedUnion('kind', [
    /** The upload came into being or changed state; carries it whole. */
    z.object({ kind: z.literal('uploadChanged'), upload: uploadReport }),
    /** The device read another project from its destination and cleared its queue. */
    z.object({
      kind: z.literal('projectChanged'),
      projectEpoch: z.number().int().nonnegative(),
      receipt: purgeReceipt,
    }),
    z.object({ kind: z.literal('holdChanged'), held: z.boolean(), by: z.enum(['operator', 'device']) }),
    /** Something worth a line in the device's timeline. */
    z.object({ kind: z.literal('notice'), code: z.string().max(64), message: z.string().max(500) }),
  ]),
})
export type LifecycleEvent = z.infer<typeof lifecycleEvent>

/** The device's answer to one execution. The agent stores the outcome before it sends it and repeats it until acknowledged. */
export const executionUpdate = z.object({
  executionId: z.uuid(),
  at: z.iso.datetime(),
  outcome: z.discriminatedUnion('state', [
    z.object({ state: z.literal('acknowledged') }),
    z.object({
      state: z.literal('running'),
      step: z.string().max(120),
      percent: z.number().min(0).max(100).nullable(),
    }),
    z.object({ state: z.literal('succeeded'), result: commandResult }),
    z.object({ state: z.literal('failed'), errorCode: z.string().max(64), message: z.string().max(500) }),
    z.object({ state: z.literal('rejected'), errorCode: z.string().max(64), message: z.string().max(500) }),
    z.object({ state: z.literal('expired') }),
    z.object({ state: z.literal('cancelled') }),
  ]),
})
export type ExecutionUpdate = z.infer<typeof executionUpdate>

const hello = z.object({
  type: z.literal('hello'),
  v: z.number().int().positive(),
  agentVersion: z.string().max(64),
  bootId: z.string().max(64),
  /** Names the agent's outbox: a rebuilt one has another id and starts again at 1. */
  outboxId: z.string().min(1).max(64),
  hostname: z.string().max(255),
  platform: z.string().max(64),
  deviceTime: z.iso.datetime(),
  commandKinds: z.array(z.enum(commandKinds).or(z.string().max(64))).max(100),
})

export const agentFrame = z.discriminatedUnion('type', [
  hello,
  z.object({ type: z.literal('snapshotBegin'), snapshotId: z.string().max(64), status: deviceStatus }),
  z.object({
    type: z.literal('snapshotUploads'),
    snapshotId: z.string().max(64),
    uploads: z.array(uploadReport).max(100),
  }),
  /** Uploads that the server knows and the snapshot did not name are gone from the device. `lastSeq`: the newest event it includes. */
  z.object({
    type: z.literal('snapshotEnd'),
    snapshotId: z.string().max(64),
    uploadCount: z.number().int().nonnegative(),
    lastSeq: z.number().int().nonnegative(),
  }),
  z.object({ type: z.literal('status'), status: deviceStatus }),
  z.object({
    type: z.literal('progress'),
    rateBytesPerSecond: z.number().nonnegative(),
    uploads: z
      .array(
        z.object({
          id: z.string().max(64),
          bytesAcknowledged: z.number().int().nonnegative(),
          bytesInFlight: z.number().int().nonnegative(),
          partsDone: z.number().int().nonnegative(),
        }),
      )
      .max(100),
  }),
  z.object({ type: z.literal('events'), events: z.array(lifecycleEvent).min(1).max(50) }),
  z.object({ type: z.literal('execution'), update: executionUpdate }),
])
export type AgentFrame = z.infer<typeof agentFrame>
