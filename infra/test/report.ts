import { relative } from 'node:path'
import { z } from 'zod'
import { rootDir } from '../start/repository.ts'

const report = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().default(''),
      assertionResults: z.array(
        z.object({ fullName: z.string(), status: z.string(), failureMessages: z.array(z.string()).nullish() }),
      ),
    }),
  ),
})

/** A test that failed, with the absolute path of its file. */
export type Failure = { readonly file: string; readonly test: string; readonly message: string }

/** What one run of Vitest came to. */
export type TestReport = {
  readonly passed: number
  readonly skippedNames: readonly string[]
  readonly failures: readonly Failure[]
  /** An error outside of all tests (an unhandled rejection, no test found, no report at all) fails a run as well. */
  readonly hasFailureOutside: boolean
}

const maxMessageLines = 8

/** Reads Vitest's JSON report. A file that could not be loaded is a failure without a test. */
export function readReport(text: string | undefined, exitCode: number): TestReport {
  let passed = 0
  const skippedNames: string[] = []
  const failures: Failure[] = []
  for (const result of text === undefined ? [] : report.parse(JSON.parse(text)).testResults) {
    const file = result.name
    for (const test of result.assertionResults) {
      if (test.status === 'passed') passed += 1
      else if (test.status !== 'failed') skippedNames.push(nameOf({ file, test: test.fullName }))
      else failures.push({ file, test: test.fullName, message: shorten(test.failureMessages?.join('\n') ?? '') })
    }
    if (result.status === 'failed' && !result.assertionResults.some(({ status }) => status === 'failed')) {
      failures.push({ file, test: '(the file)', message: shorten(result.message) })
    }
  }
  return { passed, skippedNames, failures, hasFailureOutside: exitCode !== 0 && failures.length === 0 }
}

/** A test as people are told of it. */
export function nameOf({ file, test }: Pick<Failure, 'file' | 'test'>): string {
  return `${relative(rootDir, file)}: ${test}`
}

function shorten(message: string): string {
  const lines = message.split('\n').slice(0, maxMessageLines)
  return lines.map((line) => `  ${line.slice(0, 300)}`).join('\n')
}
