import type { AgentFrame } from '@rushes/protocol'

/**
 * Something that has frames to say. It is asked while the socket has room and answers from what is true at that moment, so nothing
 * is ever queued for sending: whatever changed twice meanwhile is said once.
 */
export type FrameSource = {
  /** The next frame; null when there is none now. Who takes it sends it. */
  take(nowMs: number): AgentFrame | null
  /** When to ask again though nothing happened; null when only news give it something to say. */
  dueAtMs(): number | null
}
