import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { until } from './until.ts'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

/** The gateway as it really runs: a process of its own. */
export class GatewayProcess {
  readonly port: number
  readonly process: ChildProcess
  output = ''
  exitCode: number | null = null

  private constructor(port: number, env: Record<string, string>) {
    this.port = port
    this.process = spawn(process.execPath, [main], {
      env: { PATH: process.env.PATH ?? '', RUSHES_GATEWAY_PORT: String(port), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text
      })
    }
    this.process.on('exit', (code, signal) => {
      this.exitCode = code ?? (signal === null ? -1 : -2)
    })
  }

  static start(env: Record<string, string>, port: number): GatewayProcess {
    return new GatewayProcess(port, env)
  }

  async healthy(): Promise<void> {
    await until(`the gateway to be healthy (${this.output})`, () => this.health().then((status) => status === 200))
  }

  /** The status of `/health`; null when nothing answers. */
  async health(): Promise<number | null> {
    try {
      return (await fetch(`http://127.0.0.1:${this.port}/health`)).status
    } catch {
      return null
    }
  }

  async end(signal: NodeJS.Signals = 'SIGKILL'): Promise<number> {
    if (this.exitCode === null) this.process.kill(signal)
    await until('the process to end', () => this.exitCode !== null)
    return this.exitCode ?? -1
  }
}
