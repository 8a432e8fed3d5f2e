import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { approvePairing } from '@rushes/fleet'
import { expect, onTestFinished } from 'vitest'
import { z } from 'zod'
import { ana } from './pair.ts'
import type { ProcessIngest } from './process-ingest.ts'

const agentMain = join(import.meta.dirname, '../../../agent/src/main.ts')

/** A clip as the agent lists it. */
export type Listed = z.infer<typeof listed>

/** Our agent as a program, paired with this ingest, with one folder of recordings. */
export async function startAgent(
  ingest: Pick<ProcessIngest, 'url' | 'database' | 'projectId'>,
): Promise<{ card: string; list(): Promise<Listed[]> }> {
  const dir = await mkdtemp(join(tmpdir(), 'rushes-growing-'))
  const card = join(dir, 'card')
  const stateDir = join(dir, 'state')
  await mkdir(card)
  await mkdir(stateDir, { mode: 0o700 })
  const watch = [{ path: card, mode: 'realtime', bytesPerSecond: 5_242_880 }]
  await writeFile(join(stateDir, 'agent.json'), JSON.stringify({ watch, settleMs: 1_000 }))
  const running: ChildProcess[] = []
  const start = (...args: string[]) => {
    const child = spawn(process.execPath, [agentMain, '--state-dir', stateDir, '--json', ...args], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    running.push(child)
    return child
  }
  onTestFinished(async () => {
    for (const child of running.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)) {
      child.kill('SIGKILL')
      await once(child, 'close')
    }
    await rm(dir, { recursive: true, force: true })
  })
  const pairing = start('pair', '--server', ingest.url)
  const paired = once(pairing, 'close')
  for await (const line of createInterface(pairing.stdout)) {
    const code = shownCode.safeParse(JSON.parse(line))
    if (!code.success) continue
    const approval = { userCode: code.data.userCode, projectId: ingest.projectId, timezone: null, remoteAddress: null }
    const approved = await approvePairing({ db: ingest.database.db, now: new Date(), actor: ana }, approval)
    expect(approved.kind).toBe('approved')
    break
  }
  pairing.stdout.resume()
  expect((await paired)[0]).toBe(0)
  const daemon = start('run')
  await once(daemon.stdout, 'data')
  const list = async () => {
    const child = start('list')
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk
    })
    await once(child, 'close')
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => listed.parse(JSON.parse(line)))
  }
  return { card, list }
}

const shownCode = z.object({ event: z.literal('code'), userCode: z.string() })
const listed = z.object({ state: z.string(), partsDone: z.number(), bytesAcknowledged: z.number() })
