import type { Logger } from 'pino'
import type { LinkPort } from '../link-port.ts'
import type { FrameSource } from './frame-source.ts'
import { takeFitting } from './page-snapshot.ts'
import { repeatDelayMs } from './repeat-delay.ts'

const maxEventsPerBatch = 50
/** What happens closer together than this goes together: of a small file, whose whole way takes less, only what became of it. */
const minGapMs = 250

export type OutboxSource = FrameSource & {
  appended(): void
  /** The gateway has stored everything up to that number. */
  stored(lastSeq: number): void
}

/**
 * Sends lifecycle events in order, one batch at a time, from the newest that the gateway has stored: the first at once, what happens
 * soon after them a moment later. What is not confirmed is read from the outbox and sent again: at once after a reconnect, after a while on the same
 * connection.
 */
export function createOutboxSource(
  { port, random, log }: { port: LinkPort; random: () => number; log: Logger },
  welcome: { lastSeq: number },
): OutboxSource {
  const newest = port.lastSeq()
  if (welcome.lastSeq > newest) {
    // A state folder put back from a copy: its next events have numbers that the gateway takes for known.
    log.error(
      { storedSeq: welcome.lastSeq, newestSeq: newest },
      'the gateway knows more events than the outbox ever held',
    )
  }
  let storedSeq = Math.min(welcome.lastSeq, newest)
  let sentUpTo = storedSeq
  let inFlight: { upTo: number; repeatAtMs: number } | null = null
  let repeats = 0
  let mayHaveMore = true
  let notBeforeMs = Number.NEGATIVE_INFINITY
  port.eventsStored(storedSeq)

  return {
    take: (nowMs) => {
      if (inFlight === null && (!mayHaveMore || nowMs < notBeforeMs)) return null
      if (inFlight !== null) {
        if (nowMs < inFlight.repeatAtMs) return null
        repeats += 1
        log.warn({ afterSeq: storedSeq, repeats }, 'events were not confirmed in time and are sent again')
      }
      const pending = port.pendingEvents(storedSeq, maxEventsPerBatch)
      const events = takeFitting(pending, { maxCount: maxEventsPerBatch })
      const last = events.at(-1)
      if (last === undefined) {
        inFlight = null
        mayHaveMore = false
        return null
      }
      inFlight = { upTo: last.seq, repeatAtMs: nowMs + repeatDelayMs(repeats, random()) }
      sentUpTo = Math.max(sentUpTo, last.seq)
      const moreMayWait = pending.length === maxEventsPerBatch || events.length < pending.length
      notBeforeMs = moreMayWait ? nowMs : nowMs + minGapMs
      return { type: 'events', events }
    },
    dueAtMs: () => inFlight?.repeatAtMs ?? (mayHaveMore ? notBeforeMs : null),
    appended: () => {
      mayHaveMore = true
    },
    stored: (lastSeq) => {
      // Never more than was sent: an event is forgotten only after the gateway can have had it.
      const confirmed = Math.min(lastSeq, sentUpTo)
      // No headway: a repeated confirmation, or a batch that could not be stored. It comes again in its time.
      if (confirmed <= storedSeq) return
      storedSeq = confirmed
      port.eventsStored(storedSeq)
      // Stored in part, the rest is sent right away.
      if (storedSeq < sentUpTo) notBeforeMs = Number.NEGATIVE_INFINITY
      inFlight = null
      repeats = 0
      mayHaveMore = true
    },
  }
}
