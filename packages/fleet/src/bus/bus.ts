import type { Wake } from './wake-payload.ts'

/**
 * Carries wake-ups between the processes on one database. At most once: whoever needs to be sure polls as well. Verbs put theirs
 * into their own transaction (`wake`); this port is for telemetry, and for hearing all of them. Another driver has to keep to
 * the same promises: `test/bus/bus-conformance.ts`.
 */
export interface Bus {
  /** Tells everybody, this process too, within a fraction of a second; many calls become one message. */
  publish(wake: Wake): void
  /** Hears every wake-up from now on, several merged into one. After a gap in hearing comes `{ everything: true }`. */
  subscribe(listener: (wake: Wake) => void): () => void
  /** Resolves when wake-ups are heard; rejects when `signal` aborts first. */
  ready(signal: AbortSignal): Promise<void>
  /** Sends what is left to be told, then stops. Never rejects. */
  stop(): Promise<void>
}

/** Told when the bus cannot be heard; it goes on trying by itself, and polls carry the news meanwhile. */
export type BusProblem = { error: unknown; attempt: number; retryInMs: number }
