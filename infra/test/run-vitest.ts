import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rootDir } from '../start/repository.ts'
import { type Failure, nameOf, readReport, type TestReport } from './report.ts'
import { runStep } from './run-step.ts'
import type { Tally } from './tally.ts'

/** So many files that fail are an accident of the machine, perhaps; more are a change that broke something. */
const maxFilesTriedAgain = 3

type RunOptions = {
  readonly signal: AbortSignal
  readonly env?: Record<string, string>
  readonly output?: 'inherit' | 'ignore'
}

/**
 * Runs Vitest with a configuration and counts what it reports; a file that could not even be loaded counts as one failure.
 * A few files that fail are run once more, each alone: what passes then is counted as passed and named as unsteady.
 */
export async function runVitest(config: string, options: RunOptions): Promise<Tally> {
  const first = await runOnce(config, [], options)
  const again = new Set(first.failures.map(({ file }) => file))
  const isMendable = again.size > 0 && again.size <= maxFilesTriedAgain && !first.hasFailureOutside
  if (!isMendable || options.signal.aborted) return tallyOf(first)

  const second = await runOnce(config, [...again], options)
  // What did not run to its end the second time has shown nothing.
  if (second.hasFailureOutside || second.passed === 0) return tallyOf(first)
  const failedAgain = new Set(second.failures.map(nameOf))
  const unsteady = first.failures.filter((failure) => !failedAgain.has(nameOf(failure)))
  const failures = [...first.failures.filter((failure) => failedAgain.has(nameOf(failure))), ...newOnes(first, second)]
  return {
    ...tallyOf({ ...first, failures, passed: first.passed + unsteady.length }),
    unsteady: unsteady.map(describe),
  }
}

/** Failures of the second run alone: of tests that passed before, or of a file that was not even loaded before. */
function newOnes(first: TestReport, second: TestReport): Failure[] {
  const known = new Set(first.failures.map(nameOf))
  return second.failures.filter((failure) => !known.has(nameOf(failure)))
}

async function runOnce(config: string, files: readonly string[], options: RunOptions): Promise<TestReport> {
  const vitest = join(rootDir, 'node_modules', 'vitest', 'vitest.mjs')
  const dir = await mkdtemp(join(tmpdir(), 'rushes-test-report-'))
  try {
    const reportFile = join(dir, 'report.json')
    const { exitCode } = await runStep(
      [
        ...[vitest, 'run', ...files, '--config', config],
        ...['--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`],
      ],
      options,
    )
    return readReport(await readFile(reportFile, 'utf8').catch(() => undefined), exitCode)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

const describe = (failure: Failure): string => `${nameOf(failure)}\n${failure.message}`

function tallyOf({ passed, failures, skippedNames, hasFailureOutside }: TestReport): Tally {
  return {
    passed,
    failed: failures.length + (hasFailureOutside ? 1 : 0),
    skipped: skippedNames.length,
    skippedNames: [...skippedNames],
    failures: failures.map(describe),
    unsteady: [],
  }
}
