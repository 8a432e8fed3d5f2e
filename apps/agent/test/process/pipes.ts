import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync } from 'node:fs'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import { seededRandom } from '@rushes/test-kit'
import { expect } from 'vitest'
import { atEnd, type Device, mainPath } from './agent-process.ts'
import type { Clip } from './clips.ts'

/** A command that takes a pipe. */
export type Pipe = {
  stdin: Writable
  send(bytes: Uint8Array): Promise<void>
  kill(signal: NodeJS.Signals): Promise<number>
  /** Ends the pipe; resolves with the exit code of the command. */
  end(): Promise<number>
  ended: Promise<number>
  stderr(): string
}

/** Begins `add - --name NAME`; resolves once the command has its place in the spool. */
export async function beginPipe(device: Device, name: string, args: readonly string[] = []): Promise<Pipe> {
  const before = spooled(device).length
  const all = ['--state-dir', device.stateDir, '--json', 'add', '-', '--name', name, ...args]
  const child = spawn(process.execPath, [mainPath, ...all], { stdio: ['pipe', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  child.stdin.on('error', () => undefined) // the command is gone, of which its exit code tells
  const ended = new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? -1)))
  atEnd(async () => {
    child.kill('SIGKILL')
    await ended
  })
  await expect.poll(() => spooled(device).length, { timeout: 30_000 }).toBeGreaterThan(before)
  return {
    stdin: child.stdin,
    async send(bytes) {
      if (!child.stdin.write(bytes)) await once(child.stdin, 'drain')
    },
    kill(signal) {
      child.kill(signal)
      return ended
    },
    end() {
      child.stdin.end()
      return ended
    },
    ended,
    stderr: () => stderr,
  }
}

/** Files of clips in the spool of a device. */
export const spooled = ({ stateDir }: Pick<Device, 'stateDir'>): string[] => globSync(join(stateDir, 'spool/*/clip/*'))

/** What is left of the spool itself. */
export const isSpoolEmpty = ({ stateDir }: Pick<Device, 'stateDir'>): boolean =>
  existsSync(join(stateDir, 'spool')) && globSync(join(stateDir, 'spool/*')).length === 0

/** A clip of random bytes that lies in no file. */
export const pipedClip = (name: string, sizeBytes = 3_200_017): Clip => ({
  path: '',
  name,
  bytes: seededRandom(sizeBytes).bytes(sizeBytes),
})
