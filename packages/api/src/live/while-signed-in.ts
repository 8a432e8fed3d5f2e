import { TRPCError } from '@trpc/server'
import type { LiveContext } from './source.ts'

/** Longest time that a stream outlives the session it was opened with; the source speaks more often than this. */
const maxSessionAgeMs = 30_000

/** Passes messages on while the session that opened the stream is good: a signed-out or disabled person sees nothing more. */
export async function* whileSignedIn<Message>(
  messages: AsyncIterable<Message>,
  context: Pick<LiveContext, 'findPerson'>,
  monotonicMs: () => number = () => performance.now(),
): AsyncGenerator<Message> {
  let checkedAtMs = monotonicMs()
  for await (const message of messages) {
    if (monotonicMs() - checkedAtMs > maxSessionAgeMs) {
      if ((await context.findPerson()) === null) {
        throw new TRPCError({ code: 'UNAUTHORIZED', message: 'Your session has ended: sign in again' })
      }
      checkedAtMs = monotonicMs()
    }
    yield message
  }
}
