import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { rootDir } from '../start/repository.ts'
import { runStep } from './run-step.ts'
import type { Tally } from './tally.ts'

const report = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
    }),
  ),
})

/** Runs Vitest with a configuration and counts what it reports; a file that could not even be loaded counts as one failure. */
export async function runVitest(config: string, signal: AbortSignal, env: Record<string, string> = {}): Promise<Tally> {
  const vitest = join(rootDir, 'node_modules', 'vitest', 'vitest.mjs')
  const dir = await mkdtemp(join(tmpdir(), 'rushes-test-report-'))
  try {
    const reportFile = join(dir, 'report.json')
    const { exitCode } = await runStep(
      [vitest, 'run', '--config', config, '--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`],
      { signal, env },
    )
    return count(await readFile(reportFile, 'utf8').catch(() => undefined), exitCode)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

function count(text: string | undefined, exitCode: number): Tally {
  const tally: Tally = { passed: 0, failed: 0, skipped: 0, skippedNames: [] }
  for (const file of text === undefined ? [] : report.parse(JSON.parse(text)).testResults) {
    for (const test of file.assertionResults) {
      if (test.status === 'passed') tally.passed += 1
      else if (test.status === 'failed') tally.failed += 1
      else {
        tally.skipped += 1
        tally.skippedNames.push(`${file.name.slice(rootDir.length + 1)}: ${test.fullName}`)
      }
    }
    const hasFailedTest = file.assertionResults.some(({ status }) => status === 'failed')
    if (file.status === 'failed' && !hasFailedTest) tally.failed += 1
  }
  // An error outside of all tests (an unhandled rejection, no test found) fails the run as well.
  if (exitCode !== 0 && tally.failed === 0) tally.failed = 1
  return tally
}
