import type { Logger } from 'pino'
import { errorMessage } from '../agent-error.ts'
import { isDiskFull } from '../queue/disk-reserve.ts'
import { sleep } from '../sleep.ts'
import type { Doorbell } from './doorbell.ts'
import type { Gate } from './gate.ts'

/**
 * Works while the gate is open and there is work, waits for the bell otherwise. Work that looks for more of it by itself tells each time that
 * it does: only what comes after its last look need be looked for again.
 */
export function workWhileThereIs(
  gate: Gate,
  bell: Doorbell,
  signal: AbortSignal,
  log: Logger,
  work: (onLook: () => void) => Promise<boolean>,
): Promise<void> {
  return keepGoing(signal, log, async () => {
    while (!signal.aborted) {
      await gate.whenOpen(signal)
      if (signal.aborted) return
      let seen = bell.rings
      const onLook = () => {
        seen = bell.rings
      }
      if (!(await work(onLook))) await bell.wait(seen, 30_000, signal)
    }
  })
}

/** Begins again after a fault that nobody foresaw (a full disk, a bug): what was claimed then is taken back when its lease ends. */
export async function keepGoing(signal: AbortSignal, log: Logger, run: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    try {
      await run()
    } catch (error) {
      // Of a full disk there is one alert, however many find out about it.
      if (!isDiskFull(error))
        log.error({ err: error, message: errorMessage(error) }, 'a part of the uploader failed and begins again')
      await sleep(1_000, signal)
    }
  }
}
