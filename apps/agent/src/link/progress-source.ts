import type { LinkPort } from '../link-port.ts'
import type { FrameSource } from './frame-source.ts'

const maxUploadsTold = 100
const minEveryMs = 250
const maxEveryMs = 60_000

export type ProgressSource = FrameSource & { moved(): void; setRate(everyMs: number): void }

/** Tells what moves, at most once per interval; the gateway sets the interval by who is looking. */
export function createProgressSource(port: LinkPort, firstEveryMs: number): ProgressSource {
  let everyMs = bounded(firstEveryMs)
  let saidAtMs = Number.NEGATIVE_INFINITY
  let lastSaid = ''
  let hasMoved = false
  // After the last byte nobody tells: it is looked at until the rate that was told has come down to nothing.
  let isRateTold = false

  return {
    take: (nowMs) => {
      if (!(hasMoved || isRateTold) || nowMs < saidAtMs + everyMs) return null
      const { rateBytesPerSecond, uploads } = port.progress()
      hasMoved = false
      isRateTold = rateBytesPerSecond > 0
      saidAtMs = nowMs
      const told = { rateBytesPerSecond, uploads: uploads.slice(0, maxUploadsTold) }
      const encoded = JSON.stringify(told)
      if (encoded === lastSaid) return null
      lastSaid = encoded
      return { type: 'progress', ...told }
    },
    dueAtMs: () => (hasMoved || isRateTold ? saidAtMs + everyMs : null),
    moved: () => {
      hasMoved = true
    },
    setRate: (newEveryMs) => {
      everyMs = bounded(newEveryMs)
    },
  }
}

const bounded = (everyMs: number) => Math.min(Math.max(everyMs, minEveryMs), maxEveryMs)
