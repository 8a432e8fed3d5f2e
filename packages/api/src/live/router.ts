import { initTRPC, TRPCError, tracked } from '@trpc/server'
import { outsideMessage } from '../inside-failure.ts'
import { deviceInput, fleetInput } from './inputs.ts'
import type { LiveContext, Numbered } from './source.ts'
import { whileSignedIn } from './while-signed-in.ts'

/** How often a silent stream says that it lives; proxies and browsers give up on silence. */
const pingIntervalMs = 2_000

const t = initTRPC.context<LiveContext>().create({
  errorFormatter: ({ shape }) => ({
    ...shape,
    message: outsideMessage(shape),
    data: { code: shape.data.code, httpStatus: shape.data.httpStatus, path: shape.data.path },
  }),
  sse: {
    ping: { enabled: true, intervalMs: pingIntervalMs },
    // A browser that heard nothing for this long connects anew and resumes.
    client: { reconnectAfterInactivityMs: 3 * pingIntervalMs },
  },
})

const signedIn = t.procedure.use(async ({ ctx, next }) => {
  if ((await ctx.findPerson()) === null) throw new TRPCError({ code: 'UNAUTHORIZED', message: 'Sign in first' })
  return next()
})

/**
 * The live stream, served by the gateway at `/live` as server-sent events (`httpSubscriptionLink`). Every message is
 * `{ id, data }`; the browser sends the last id back when it reconnects. Any signed-in person may watch.
 */
export const liveRouter = t.router({
  live: t.router({
    fleet: signedIn.input(fleetInput).subscription(({ ctx, input, signal }) =>
      numbered(ctx, signal, (own) =>
        ctx.source.fleet({
          resumeAfter: input?.lastEventId ?? null,
          visibleDeviceIds: input?.visibleDeviceIds ?? null,
          signal: own,
        }),
      ),
    ),
    device: signedIn
      .input(deviceInput)
      .subscription(({ ctx, input, signal }) =>
        numbered(ctx, signal, (own) =>
          ctx.source.device({ resumeAfter: input.lastEventId ?? null, deviceId: input.deviceId, signal: own }),
        ),
      ),
  }),
})

export type LiveRouter = typeof liveRouter

async function* numbered<Message>(
  context: LiveContext,
  requestSignal: AbortSignal | undefined,
  watch: (signal: AbortSignal) => AsyncIterable<Numbered<Message>>,
) {
  const ended = new AbortController()
  const signal = requestSignal === undefined ? ended.signal : AbortSignal.any([requestSignal, ended.signal])
  try {
    for await (const { id, message } of whileSignedIn(watch(signal), context)) yield tracked(id, message)
  } finally {
    ended.abort()
  }
}
