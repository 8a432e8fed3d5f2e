import { cancelCommand, enqueueCommand, getCommand, listCommands } from '@rushes/fleet'
import { unblockReason } from '@rushes/protocol'
import { z } from 'zod'
import { acting, clocked } from '../context.ts'
import { deviceIds, pageLimit, reason } from '../inputs.ts'
import { expectKind, Refusal } from '../refusal.ts'
import { procedure, router } from '../trpc.ts'

const uploadIds = z.array(z.string().max(64)).min(1).max(500).nullable()

/** What an operator may send as such; destructive ones carry a reason. Moves are `devices.assign`. */
const sending = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('retryUploads'), uploadIds }),
  z.object({ kind: z.literal('clearQueue'), reason }),
  z.object({ kind: z.literal('holdUploads') }),
  z.object({ kind: z.literal('releaseUploads'), uploadIds }),
  z.object({ kind: z.literal('unblockUpload'), uploadId: z.string().min(1).max(64), reason: unblockReason }),
])

export const commandsRouter = router({
  list: procedure
    .input(
      z.object({
        cursor: z.object({ createdAt: z.iso.datetime(), commandId: z.uuid() }).nullish(),
        limit: pageLimit,
      }),
    )
    .query(({ ctx, input: { cursor, ...input } }) => listCommands(clocked(ctx), { ...input, after: cursor ?? null })),
  get: procedure.input(z.object({ commandId: z.uuid() })).query(async ({ ctx, input }) => {
    const command = await getCommand(clocked(ctx), input)
    if (command === null) throw new Refusal({ kind: 'commandUnknown' })
    return command
  }),
  /** The caller chooses the id, so that a request whose answer was lost can be repeated without sending twice. */
  send: procedure
    .input(z.object({ commandId: z.uuid(), deviceIds, command: sending, reason: reason.nullable().default(null) }))
    .mutation(async ({ ctx, input: { command, ...input } }) => {
      const given = 'reason' in command ? command.reason : input.reason
      const body = command.kind === 'clearQueue' || command.kind === 'holdUploads' ? { kind: command.kind } : command
      const outcome = await enqueueCommand(acting(ctx), { ...input, body, reason: given })
      return expectKind(outcome, 'enqueued', 'alreadyEnqueued')
    }),
  cancel: procedure
    .input(z.object({ commandId: z.uuid(), reason: reason.nullable().default(null) }))
    .mutation(async ({ ctx, input }) => expectKind(await cancelCommand(acting(ctx), input), 'cancelled')),
})
