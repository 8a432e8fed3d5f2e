import { rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AgentError, errorCode } from '../agent-error.ts'
import { shownBytes } from '../cli/output.ts'
import { ampleBytes } from '../daemon/guard-disk.ts'
import { prepareStateDir } from '../queue/state-dir.ts'
import { type Check, well, wrong } from './check.ts'

/** Whether the state folder can be written and has room. It is made where it is missing, as any command does. */
export function checkStateFolder(stateDir: string): Check {
  try {
    prepareStateDir(stateDir)
    const probe = join(stateDir, `doctor-${process.pid}`)
    writeFileSync(probe, 'can be written', { mode: 0o600, flush: true })
    rmSync(probe)
  } catch (error) {
    if (error instanceof AgentError) return wrong('stateFolder', error.message, error.hint)
    return wrong(
      'stateFolder',
      `${stateDir} cannot be written (${errorCode(error)})`,
      'Make room on its disk, mount it for writing, or give it to the user that the agent runs as.',
    )
  }
  const { bavail, bsize } = statfsSync(stateDir)
  const freeBytes = bavail * bsize
  if (freeBytes < ampleBytes)
    return wrong(
      'stateFolder',
      `the disk of ${stateDir} has only ${shownBytes(freeBytes)} left`,
      `Make room: with less than ${shownBytes(ampleBytes)} the agent may begin nothing new.`,
    )
  return well('stateFolder', `${stateDir} can be written, ${shownBytes(freeBytes)} free`)
}
