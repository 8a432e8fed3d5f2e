import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { remoteOperations } from '../../src/local-api/call.ts'
import type { ListedUpload, StatusAnswer } from '../../src/local-api/operations.ts'

import {
  type SimulatedDestination,
  startSimulatedDestination,
} from '../simulated-destination/start-simulated-destination.ts'
import type { SimulatedDestinationOptions } from '../simulated-destination/world.ts'
import { describeUploads } from './describe-uploads.ts'

/** Compiling the agent anew for each of hundreds of short-lived processes is most of what they would do. */
const env = { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'rushes-agent-test-compile-cache') }

export const mainPath = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

const cleanups: (() => Promise<unknown>)[] = []

/** Ends whatever was started since the last time, newest first. Each test file has it run after each test. */
export async function endAll(): Promise<void> {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
}

/** Ends with the test (or the round). */
export function atEnd(cleanup: () => Promise<unknown>): void {
  cleanups.push(cleanup)
}

export type Finished = { code: number; stdout: string; stderr: string; lines: unknown[] }

/** One command line to its end. */
export async function runCli(
  args: readonly string[],
  given: { env?: Record<string, string>; input?: string } = {},
): Promise<Finished> {
  const child = spawn(process.execPath, [mainPath, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...env, ...given.env },
  })
  child.stdin.end(given.input)
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)]
  const code = await new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? -1)))
  return { code, stdout: stdout(), stderr: stderr(), lines: jsonLines(stdout()) }
}

/** A running daemon. */
export type AgentProcess = {
  pid: number
  stderr(): string
  /** `kill -9`; resolves when it is gone. */
  kill(): Promise<void>
  /** SIGTERM; resolves with its exit code. */
  terminate(): Promise<number>
}

/** One device: its state folder, its watch folder, and the destination that it is paired with. */
export type Device = {
  stateDir: string
  watchDir: string
  server: SimulatedDestination
  start(args?: readonly string[], env?: Record<string, string>): Promise<AgentProcess>
  cli(...args: string[]): Promise<Finished>
  list(): Promise<ListedUpload[]>
  status(): Promise<StatusAnswer>
  /** Polls the queue until all uploads are as told; fails with the queue as it is, what is not home first. */
  until(condition: (uploads: ListedUpload[]) => boolean, what: string, deadlineMs?: number): Promise<ListedUpload[]>
}

/** Quick retries and a short rest, so that tests need not wait for what they do not test. */
const quickSettings = {
  settleMs: 150,
  drainMs: 2_000,
  stallMs: 1_500,
  workers: 4,
  retry: { baseDelayMs: 20, maxDelayMs: 200, jobPauseMs: 100 },
}

/** A program with the arguments that make it the agent. */
type Program = readonly [command: string, ...args: string[]]
const ourProgram: Program = [process.execPath, mainPath]

export async function startDevice(
  options: Partial<SimulatedDestinationOptions> & { settings?: object; paired?: boolean; program?: Program } = {},
): Promise<Device> {
  const { mode = 'ours', settings = {}, paired = true, program = ourProgram, ...world } = options
  // Nothing listens for the control link, so that it stays out of the way of what is tested here.
  const server = await startSimulatedDestination({
    mode,
    autoApprove: true,
    agentUrl: 'ws://127.0.0.1:1/agent',
    ...world,
  })
  atEnd(() => server.stop())
  const root = await mkdtemp(join(tmpdir(), 'rushes-agent-'))
  atEnd(() => rm(root, { recursive: true, force: true }))
  const stateDir = join(root, 'state')
  const watchDir = join(root, 'card')
  await mkdir(stateDir, { mode: 0o700 })
  await writeFile(join(stateDir, 'agent.json'), JSON.stringify({ ...quickSettings, ...settings }))
  await mkdir(watchDir, { recursive: true })

  const cli = (...args: string[]) => runCli(['--state-dir', stateDir, '--json', ...args])
  // Through the socket where a daemon runs, as the command line does, but without a process for each look.
  const remote = remoteOperations(stateDir)
  const list = async (): Promise<ListedUpload[]> => {
    try {
      return await remote.list({ afterSeq: 0, limit: 1_000 })
    } catch {
      return readJson<ListedUpload>(await cli('list'))
    }
  }
  const device: Device = {
    stateDir,
    watchDir,
    server,
    cli,
    list,
    start: (args = [], more = {}) =>
      startAgent(program, ['--state-dir', stateDir, '--json', 'run', '--watch', watchDir, ...args], more),
    async status() {
      const [answer] = readJson<StatusAnswer>(await cli('status'))
      if (answer === undefined) throw new Error('status printed nothing')
      return answer
    },
    async until(condition, what, deadlineMs = 60_000) {
      const givesUpAt = performance.now() + deadlineMs
      for (;;) {
        const uploads = await list()
        if (condition(uploads)) return uploads
        await delay(25)
        if (performance.now() > givesUpAt)
          throw new Error(`not within ${deadlineMs} ms: ${what}\n${describeUploads(uploads)}`)
      }
    },
  }
  if (paired) await pairDevice(device)
  return device
}

/** Pairs as the mode of the server wants it. `url`: where the device is told that the server is. */
export async function pairDevice({ server, cli }: Device, url: string = server.url): Promise<Finished> {
  const where =
    server.mode === 'ours'
      ? ['--server', url]
      : ['--upload-to', url, '--client-id', 'unit-1', '--client-secret', 'model-secret']
  const finished = await cli('pair', ...where)
  if (finished.code !== 0) throw new Error(`pairing failed: ${finished.stdout} ${finished.stderr}`)
  return finished
}

async function startAgent(
  [command, ...before]: Program,
  args: readonly string[],
  more: Record<string, string>,
): Promise<AgentProcess> {
  const child = spawn(command, [...before, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...env, ...more },
  })
  const stderr = collect(child.stderr)
  const closed = new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? -1)))
  atEnd(async () => {
    child.kill('SIGKILL')
    await closed
  })
  await new Promise<void>((resolve, reject) => {
    child.stdout?.once('data', () => resolve())
    void closed.then((code) => reject(new Error(`the agent ended with ${code}: ${stderr()}`)))
  })
  return {
    pid: child.pid ?? -1,
    stderr,
    async kill() {
      child.kill('SIGKILL')
      await closed
    },
    terminate() {
      child.kill('SIGTERM')
      return closed
    },
  }
}

function collect(stream: ChildProcess['stdout']): () => string {
  let text = ''
  stream?.setEncoding('utf8')
  stream?.on('data', (chunk: string) => {
    text += chunk
  })
  return () => text
}

const jsonLines = (text: string): unknown[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line): unknown => JSON.parse(line))

/** What a command printed, of which the test knows the shape. */
const readJson = <T>({ lines, code, stderr }: Finished): T[] => {
  if (code !== 0) throw new Error(`exit code ${code}: ${stderr}`)
  return lines as T[]
}
