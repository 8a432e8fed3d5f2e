import type { WriteStream } from 'node:tty'
import { terminalIsDumb } from '../../config.ts'
import type { ProgressAnswer } from '../../local-api/operations.ts'
import { sleep } from '../../sleep.ts'
import type { Output } from '../output.ts'
import { type ClipRates, followRates } from './clip-rates.ts'
import { drawProgress } from './draw-progress.ts'
import { homeSentence } from './home-sentence.ts'
import { openScreen } from './screen.ts'

const drawEveryMs = 250
/** Lines are for logs: fewer of them, and none that says what the one before it said. */
const printEveryMs = 2_000

/**
 * Shows progress until `look` answers null, the signal aborts, or nobody reads the output any more: drawn where the output is a terminal, else as lines. Rejects with what
 * `look` rejects with; the terminal is given back in any case.
 */
export async function showProgress(
  look: () => Promise<ProgressAnswer | null>,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const { stdout } = process
  // Whoever read it may have gone; what kind of failure that is, is judged where the output is opened.
  const lost = new AbortController()
  const onError = () => lost.abort()
  stdout.once('error', onError)
  const until = AbortSignal.any([signal, lost.signal])
  try {
    if (output.json || !stdout.isTTY || terminalIsDumb()) await printProgress(look, output, until)
    else await drawOn(stdout, look, until)
  } finally {
    stdout.off('error', onError)
  }
}

async function drawOn(
  terminal: WriteStream,
  look: () => Promise<ProgressAnswer | null>,
  signal: AbortSignal,
): Promise<void> {
  let rates: ClipRates = new Map()
  let answer = await look()
  const screen = openScreen(terminal)
  const draw = () => {
    // A terminal that was never told its size says 0.
    const size = { columns: terminal.columns || 80, rows: terminal.rows || 24 }
    if (answer !== null) screen.draw(drawProgress(answer, rates, size))
  }
  terminal.on('resize', draw)
  try {
    while (answer !== null && !signal.aborted) {
      rates = followRates(rates, answer.clips, performance.now())
      draw()
      await sleep(drawEveryMs, signal)
      if (!signal.aborted) answer = await look()
    }
  } finally {
    terminal.off('resize', draw)
    screen.close()
  }
}

async function printProgress(
  look: () => Promise<ProgressAnswer | null>,
  { print }: Output,
  signal: AbortSignal,
): Promise<void> {
  let before = ''
  while (!signal.aborted) {
    const answer = await look()
    if (answer === null) return
    const { project, counts, bytes, rateBytesPerSecond, folders, notMoving } = answer.status
    const facts = { project, counts, bytes, rateBytesPerSecond, folders, notMoving, clips: answer.clips }
    const now = JSON.stringify({ ...facts, rateBytesPerSecond: null })
    if (now !== before) print({ event: 'progress', ...facts }, () => homeSentence(answer.status))
    before = now
    await sleep(printEveryMs, signal)
  }
}
