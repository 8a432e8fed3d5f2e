import { spawn } from 'node:child_process'
import { rootDir } from '../start/repository.ts'

export type StepResult = { readonly exitCode: number; readonly seconds: number }

/** Runs one program of the test run; its output is the user's to see, unless it is ignored. The signal ends it. */
export async function runStep(
  argv: readonly string[],
  options: { signal: AbortSignal; env?: Record<string, string>; command?: string; output?: 'inherit' | 'ignore' },
): Promise<StepResult> {
  const startedAt = performance.now()
  const child = spawn(options.command ?? process.execPath, argv, {
    cwd: rootDir,
    stdio: ['ignore', options.output ?? 'inherit', options.output ?? 'inherit'],
    env: { ...process.env, ...options.env },
  })
  const stop = () => child.kill('SIGTERM')
  options.signal.addEventListener('abort', stop, { once: true })
  try {
    const exitCode = await new Promise<number>((resolve, reject) => {
      child.on('error', reject).on('close', (code) => resolve(code ?? 1))
    })
    return { exitCode, seconds: (performance.now() - startedAt) / 1000 }
  } finally {
    options.signal.removeEventListener('abort', stop)
  }
}
