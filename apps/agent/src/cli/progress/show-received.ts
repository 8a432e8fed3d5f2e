import { terminalIsDumb } from '../../config.ts'
import { shownBytes, shownText } from '../output.ts'

const drawEveryMs = 250

/** Shows how much of a pipe has come, on one line of a terminal; elsewhere nothing, since how much will come nobody knows. */
export function showReceived(name: string, isJson: boolean): { show(byteCount: number): void; close(): void } {
  const { stderr } = process
  const isShown = stderr.isTTY && !isJson && !terminalIsDumb()
  const beganMs = performance.now()
  let drawnMs = Number.NEGATIVE_INFINITY
  return {
    show(byteCount) {
      const now = performance.now()
      if (!isShown || now - drawnMs < drawEveryMs) return
      drawnMs = now
      const rate = (byteCount * 1_000) / Math.max(1, now - beganMs)
      stderr.write(`\r\x1b[2K${shownText(name)}  ${shownBytes(byteCount)} received, ${shownBytes(rate)}/s`)
    },
    close() {
      if (isShown) stderr.write('\r\x1b[2K')
    },
  }
}
