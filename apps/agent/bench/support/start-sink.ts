import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export type Sink = {
  url: string
  /** Resolves with the instant, in milliseconds since 1970, at which the first byte of a body comes from now on. */
  firstByte(): Promise<number>
  stop(): void
}

export async function startSink(): Promise<Sink> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'sink.ts')], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })
  const next = () => new Promise<string>((resolve) => lines.once('line', resolve))
  const port = await next()
  return {
    url: `http://127.0.0.1:${port}`,
    async firstByte() {
      const line = next()
      child.stdin.write('look out\n')
      return Number((await line).replace('first ', ''))
    },
    stop: () => child.stdin.end(),
  }
}
