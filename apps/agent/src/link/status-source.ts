import type { LinkPort } from '../link-port.ts'
import { fitStatus } from './fit-status.ts'
import type { FrameSource } from './frame-source.ts'

/** Changes that come closer together than this are told as one. */
const minGapMs = 1_000
/** While bytes move, the sums over all uploads are told this often though nothing else has changed. */
const refreshWhileMovingMs = 10_000

export type StatusSource = FrameSource & { changed(): void; moved(): void }

/** Tells the status when it has changed; the newest counts, those in between are never said. */
export function createStatusSource(port: LinkPort): StatusSource {
  let dueAtMs: number | null = null
  let lastSaid = ''
  let saidAtMs = Number.NEGATIVE_INFINITY
  let hasChanged = false
  let hasMoved = false

  const settleDue = () => {
    dueAtMs = hasChanged ? saidAtMs + minGapMs : hasMoved ? saidAtMs + refreshWhileMovingMs : null
  }
  return {
    take: (nowMs) => {
      if (dueAtMs === null || nowMs < dueAtMs) return null
      const status = fitStatus(port.status())
      hasChanged = false
      hasMoved = false
      saidAtMs = nowMs
      settleDue()
      const encoded = JSON.stringify(status)
      if (encoded === lastSaid) return null
      lastSaid = encoded
      return { type: 'status', status }
    },
    dueAtMs: () => dueAtMs,
    changed: () => {
      hasChanged = true
      settleDue()
    },
    moved: () => {
      hasMoved = true
      settleDue()
    },
  }
}
