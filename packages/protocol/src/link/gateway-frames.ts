import { z } from 'zod'
import { commandBody } from '../commands.ts'

/** Frames from the gateway to the agent: JSON text, one object a message, at most `maxLinkMessageBytes`. */

export const closeReasons = ['drain', 'superseded', 'revoked', 'protocolError', 'overloaded', 'tooSlow'] as const
export type CloseReason = (typeof closeReasons)[number]

export const gatewayFrame = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('welcome'),
    v: z.number().int().positive(),
    gatewayId: z.string().max(64),
    serverTime: z.iso.datetime(),
    /** The newest event of this outbox that is stored; the agent sends what follows. */
    lastSeq: z.number().int().nonnegative(),
    reportEveryMs: z.number().int().positive(),
    pingEveryMs: z.number().int().positive(),
  }),
  /** Run this once. Delivered again after a reconnect until an answer is in. `body` is parsed apart: an unknown kind is answered `rejected`. */
  z.object({
    type: z.literal('command'),
    executionId: z.uuid(),
    commandId: z.uuid(),
    issuedAt: z.iso.datetime(),
    expiresAt: z.iso.datetime().nullable(),
    body: commandBody.or(z.looseObject({ kind: z.string().max(64) })),
  }),
  /** Don't run it if it has not begun. */
  z.object({ type: z.literal('cancelCommand'), executionId: z.uuid() }),
  z.object({ type: z.literal('eventsStored'), lastSeq: z.number().int().nonnegative() }),
  /** The final outcome is stored; the agent stops repeating it. */
  z.object({ type: z.literal('executionStored'), executionId: z.uuid(), state: z.string().max(32) }),
  z.object({ type: z.literal('reportRate'), everyMs: z.number().int().positive() }),
  z.object({ type: z.literal('sendSnapshot') }),
  z.object({
    type: z.literal('goodbye'),
    reason: z.enum(closeReasons),
    reconnectAfterMs: z.number().int().nonnegative(),
  }),
])
export type GatewayFrame = z.infer<typeof gatewayFrame>
