import type { WriteStream } from 'node:tty'
import { styleText } from 'node:util'
import type { Emphasis, ScreenLine } from './draw-progress.ts'

/** A terminal that is drawn on and given back as it was. */
export type Screen = { draw(lines: readonly ScreenLine[]): void; close(): void }

/** Private modes of xterm that other terminals know: 1049 another page, 25 the cursor, 7 wrapping, 2026 one change at a time. */
const enter = '\x1b[?1049h\x1b[?25l\x1b[?7l'
const leave = '\x1b[?7h\x1b[?25h\x1b[?1049l'
const styles: Record<Emphasis, Parameters<typeof styleText>[0]> = { strong: 'bold', quiet: 'dim', warning: 'yellow' }

/** Draws on a page of its own, so that a resize leaves nothing behind and what was on the terminal comes back with `close`. */
export function openScreen(terminal: WriteStream): Screen {
  const hasColors = terminal.hasColors() // knows of NO_COLOR
  let isOpen = true
  const close = () => {
    if (!isOpen) return
    isOpen = false
    process.off('exit', close)
    terminal.write(leave)
  }
  // A second Ctrl-C ends the process at once.
  process.once('exit', close)
  terminal.write(enter)
  return {
    draw(lines) {
      if (!isOpen) return
      // A line is cleared before it is written: after its last column, clearing would take that away again.
      const drawn = lines.map(
        ({ text, emphasis }) =>
          `\x1b[2K${hasColors && emphasis !== null ? styleText(styles[emphasis], text, { validateStream: false }) : text}`,
      )
      terminal.write(`\x1b[?2026h\x1b[H${drawn.join('\r\n')}\x1b[0J\x1b[?2026l`)
    },
    close,
  }
}
