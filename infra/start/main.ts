import { startDemo } from '../demo/start-demo.ts'
import { reportFailure } from '../report-failure.ts'
import { type Instance, startInstance } from './instance.ts'
import { readStartOptions, type StartOptions, usage } from './options.ts'
import { terminalOutput } from './terminal.ts'

/** One Ctrl-C arrives by several ways (the terminal, npm, the bootstrap): what comes so soon after the first is the same. */
const sameSignalMs = 800

try {
  const options = await readStartOptions(process.argv.slice(2), process.env, process.env.INIT_CWD ?? process.cwd())
  if (options === 'help') console.log(usage)
  else process.exitCode = await run(options)
} catch (error) {
  process.exitCode = reportFailure(error)
}

async function run(options: StartOptions): Promise<number> {
  const output = terminalOutput(options)
  const interrupted = new AbortController()
  let instance: Instance | undefined
  let firstSignalAt: number | undefined
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (firstSignalAt === undefined) {
        firstSignalAt = performance.now()
        output.step('stopping everything (again to force)')
        interrupted.abort()
      } else if (performance.now() - firstSignalAt > sameSignalMs) {
        output.step('forced to stop; the next start recovers')
        instance?.kill()
        process.exit(130)
      }
    })
  }
  try {
    instance = await startInstance(options, output, interrupted.signal)
    if (options.demo) await startDemo(instance, output, interrupted.signal)
    console.log(welcome(instance))
    await new Promise<void>((resolve) => {
      interrupted.signal.addEventListener('abort', () => resolve(), { once: true })
      if (interrupted.signal.aborted) resolve()
    })
  } catch (error) {
    await instance?.stop()
    if (!interrupted.signal.aborted) throw error
  }
  await instance?.stop()
  output.step('stopped')
  return 0
}

function welcome(instance: Instance): string {
  return [
    '',
    '  Rushes is ready.',
    '',
    `    Control plane   ${instance.publicUrl}`,
    `    Ingest          ${instance.ingestUrl}   (the Camera-to-Cloud device API)`,
    `    Data folder     ${instance.dataDir}`,
    '',
    ...instance.entry.map((line) => `    ${line}`),
    '',
    '  Ctrl-C stops everything.',
    '',
  ].join('\n')
}
