import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { appFile } from '@rushes/infra/start/repository'
import { until } from './until.ts'

/** One object of `rushes-agent list --json`. */
export type Listed = {
  id: string
  path: string
  state: string
  reason: string | null
  partsDone: number
  partsTotal: number
  sizeBytes: number
  bytesAcknowledged: number
  projectId: string | null
}

/** A capture device: an agent of its own with a state folder and a watch folder. */
export type Device = {
  name: string
  watchDir: string
  stateDir: string
  /** Asks to be let in; `paired` resolves once somebody has approved each code that it shows. */
  startPairing(...options: string[]): { nextCode(): Promise<string>; paired: Promise<void> }
  run(...options: string[]): Promise<void>
  /** SIGKILL, as a power cut would. */
  kill(): Promise<void>
  /** SIGTERM, and waits for the drain. */
  stop(): Promise<void>
  list(): Promise<Listed[]>
  cli(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }>
  untilState(fileName: string, ...states: string[]): Promise<Listed>
}

/** `env`: what its programs find in their environment besides. */
export async function createDevice(
  dir: string,
  name: string,
  serverUrl: string,
  env: Record<string, string> = {},
): Promise<Device> {
  const stateDir = join(dir, name, 'state')
  const watchDir = join(dir, name, 'card')
  await mkdir(watchDir, { recursive: true })
  let daemon: ChildProcess | undefined
  /** The last words of the daemon. */
  let log = ''

  const start = (args: readonly string[]) =>
    spawn(process.execPath, [appFile('agent'), ...args, '--state-dir', stateDir], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    })
  const cli: Device['cli'] = async (...args) => {
    const child = start(args)
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk) => (stdout += chunk))
    child.stderr.on('data', (chunk) => (stderr += chunk))
    const [code] = await once(child, 'close')
    return { code, stdout, stderr }
  }
  const list: Device['list'] = async () => {
    const { stdout } = await cli('list', '--json')
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
  }
  const end = async (signal: 'SIGKILL' | 'SIGTERM') => {
    if (daemon === undefined || daemon.exitCode !== null || daemon.signalCode !== null) return
    daemon.kill(signal)
    await once(daemon, 'close')
    daemon = undefined
  }
  return {
    name,
    watchDir,
    stateDir,
    cli,
    list,
    startPairing: (...options) => {
      const child = start(['pair', '--server', serverUrl, '--name', name, '--json', ...options])
      let stderr = ''
      child.stderr.on('data', (chunk) => (stderr += chunk))
      const paired = once(child, 'close').then(([code]) => {
        if (code !== 0) throw new Error(`rushes-agent pair ended with ${code}: ${stderr}`)
      })
      paired.catch(() => {}) // reported to whoever awaits it; the code may be asked for and never used
      const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
      return {
        paired,
        nextCode: async () => {
          for (let line = await lines.next(); line.done !== true; line = await lines.next()) {
            const event = JSON.parse(line.value)
            if (event.event === 'code') return event.userCode
          }
          throw new Error(`rushes-agent pair showed no code: ${stderr}`)
        },
      }
    },
    run: async (...options) => {
      const child = start(['run', '--watch', watchDir, '--json', ...options])
      daemon = child
      log = ''
      const ready = Promise.withResolvers<void>()
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (chunk) => {
          log = (log + chunk).slice(-20_000)
          if (log.includes('"event":"ready"')) ready.resolve()
        })
      }
      child.on('close', (code) => ready.reject(new Error(`rushes-agent run ended with ${code}: ${log}`)))
      await ready.promise
    },
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    untilState: async (fileName, ...states) => {
      let seen: Listed[] = []
      try {
        return await until(`${fileName} is ${states.join(' or ')} on ${name}`, async () => {
          seen = await list()
          return seen.find((one) => one.path.endsWith(fileName) && states.includes(one.state))
        })
      } catch (cause) {
        const rows = seen.map((one) => `${one.path} ${one.state} ${one.reason ?? ''}`).join('\n')
        throw new Error(
          `${fileName} did not become ${states.join(' or ')}. The device lists:\n${rows}\nIts log:\n${log}`,
          { cause },
        )
      }
    },
  }
}
