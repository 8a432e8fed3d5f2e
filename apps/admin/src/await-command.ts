import { setTimeout as pause } from 'node:timers/promises'
import { type CommandDetail, getCommand } from '@rushes/fleet'
import type { Session } from './session.ts'

const lookEveryMs = 250

/** Looks at a command until each of its devices is through with it, or for so long; resolves with how it stands then. */
export async function awaitCommand(session: Session, commandId: string, waitMs: number): Promise<CommandDetail> {
  const untilMs = performance.now() + waitMs
  for (;;) {
    const detail = await getCommand(session, { commandId })
    if (detail === null) throw new Error(`command ${commandId} is gone though it was sent`)
    const leftMs = untilMs - performance.now()
    if (detail.rollUp.isSettled || leftMs <= 0) return detail
    await pause(Math.min(lookEveryMs, leftMs))
  }
}
