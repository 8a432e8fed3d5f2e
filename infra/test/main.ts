import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { reportFailure } from '../report-failure.ts'
import { rootDir } from '../start/repository.ts'
import { runStep } from './run-step.ts'
import { runVitest } from './run-vitest.ts'
import { addTally, closingLines, newTally } from './tally.ts'
import { requireBrowser, wantCeph, wantTool } from './tools.ts'

/** `npm test`: every check and every test; with --full, the tests that take longer instead. Ends in one line that counts. */
const isFull = process.argv.includes('--full')
const tally = newTally()
const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupted.abort())

const say = (text: string) => console.log(`\n── ${text}`)
const packageFile = (name: string, path: string) => join(rootDir, 'node_modules', name, path)

const checks: [name: string, argv: string[]][] = [
  ['types', [packageFile('typescript', 'bin/tsc'), '-p', 'tsconfig.json']],
  ['types of the control plane', [packageFile('typescript', 'bin/tsc'), '-p', 'apps/control-plane']],
  ['format and lint', [packageFile('@biomejs/biome', 'bin/biome'), 'check', '.']],
  ['unused files, exports and dependencies', [packageFile('knip', 'bin/knip.js'), '--no-progress']],
]

try {
  await wantTool('ffmpeg', 'ffmpeg', say)
  await wantTool('xmllint', 'libxml2-utils', say)
  await wantTool('strace', 'strace', say, '-V')
  if (isFull) {
    await wantCeph(say)
    await wantTool('mount.exfat-fuse', 'exfat-fuse exfatprogs', say, '-V')
    await wantTool('systemd-analyze', 'systemd', say, '--version')
    await runTests('tests that take longer', 'vitest.full.config.ts', await browserEnvironment())
  } else {
    for (const [name, argv] of checks) await runCheck(name, argv)
    await runTests('tests', 'vitest.config.ts')
    if (existsSync(join(rootDir, 'e2e/vitest.config.ts'))) {
      await runTests('end-to-end tests', 'e2e/vitest.config.ts', await browserEnvironment())
    }
  }
} catch (error) {
  tally.failed += 1
  reportFailure(error)
}
if (interrupted.signal.aborted) {
  say('interrupted: not everything was run')
  tally.failed += 1
}
console.log(closingLines(tally).join('\n'))
process.exitCode = tally.failed > 0 ? 1 : 0

async function runCheck(name: string, argv: readonly string[]): Promise<void> {
  if (interrupted.signal.aborted) return
  say(name)
  const { exitCode, seconds } = await runStep(argv, { signal: interrupted.signal })
  console.log(`${exitCode === 0 ? 'passed' : 'FAILED'} in ${seconds.toFixed(1)} s`)
  if (exitCode === 0) tally.passed += 1
  else {
    tally.failed += 1
    tally.failures.push(`the check of ${name}`)
  }
}

async function runTests(name: string, config: string, env: Record<string, string> = {}): Promise<void> {
  if (interrupted.signal.aborted) return
  say(name)
  addTally(tally, await runVitest(config, { signal: interrupted.signal, env }))
}

/** Where the specs find the browser that was found or installed. */
async function browserEnvironment(): Promise<Record<string, string>> {
  return { RUSHES_TEST_BROWSER: await requireBrowser(say) }
}
