/**
 * `npm run torture -- [NAME …] [--seconds N] [--seed S]` runs the long random suites one after the other, each for N seconds. A
 * suite is a program in a folder `torture`; it takes the same two options and exits with 0 when every invariant held, with 77, as
 * test programs do by custom, when what it needs is not installed here. In DATABASE_URL it finds a server on which it may create
 * databases: the one that is set, else a temporary one.
 */
import { parseArgs } from 'node:util'
import { freshSeed } from '@rushes/test-kit'
import { chooseEntries, findEntries } from './find-entries.ts'
import { startTemporaryPostgres } from './postgres/temporary.ts'
import { runStep } from './test/run-step.ts'

const { values, positionals } = readOptions()
const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupted.abort())

const chosen = chooseEntries(await findEntries('torture'), positionals)
if (typeof chosen === 'string' || !/^[1-9]\d*$/.test(values.seconds) || !/^\d+$/.test(values.seed)) {
  console.error(typeof chosen === 'string' ? chosen : '--seconds and --seed take whole numbers')
  process.exit(2)
}
const given = process.env.DATABASE_URL ?? ''
const postgres = given === '' && chosen.length > 0 ? await startTemporaryPostgres() : null
const env = { DATABASE_URL: postgres?.urlOf('postgres') ?? given }
const notRunCode = 77
const failed: string[] = []
const notRun: string[] = []
for (const { name, file } of chosen) {
  if (interrupted.signal.aborted) break
  console.log(`── ${name}: ${values.seconds} s, seed ${values.seed}`)
  const argv = [file, '--seconds', values.seconds, '--seed', values.seed]
  const { exitCode } = await runStep(argv, { signal: interrupted.signal, env })
  if (exitCode === 0) {
    console.log('held')
  } else if (exitCode === notRunCode) {
    console.log('NOT RUN, see above')
    notRun.push(name)
  } else {
    console.log(`FAILED; again with: npm run torture -- ${name} --seed ${values.seed}`)
    failed.push(name)
  }
}
await postgres?.stop()
console.log(
  `\n${chosen.length - failed.length - notRun.length} held, ${inWords(failed)} failed${notRun.length > 0 ? `, ${inWords(notRun)} not run` : ''}`,
)
process.exitCode = failed.length > 0 ? 1 : 0

function inWords(names: readonly string[]): string {
  return names.length === 0 ? '0' : `${names.length} (${names.join(', ')})`
}

function readOptions() {
  try {
    return parseArgs({
      options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string', default: String(freshSeed()) } },
      allowPositionals: true,
    })
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error))
    console.error('usage: npm run torture -- [NAME …] [--seconds N] [--seed S]')
    process.exit(2)
  }
}
