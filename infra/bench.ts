/**
 * `npm run bench -- [NAME …]` runs benchmarks, one after the other. A bench is a program in a folder `bench`: each line that it
 * prints is one measurement in JSON; everything else it says goes to standard error. In DATABASE_URL it finds a server on which it
 * may create databases: the one that is set, else a temporary one that syncs like any other. Exits with 3 when a goal was missed.
 */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { chooseEntries, findEntries } from './find-entries.ts'
import { startTemporaryPostgres } from './postgres/temporary.ts'
import { rootDir } from './start/repository.ts'

const measurement = z.object({
  metric: z.string(),
  unit: z.string(),
  median: z.number(),
  min: z.number(),
  max: z.number(),
  runs: z.number().int().positive(),
  /** What it was measured against in the same run, and how many times better than that. */
  peer: z.string().nullable(),
  ratio: z.number().nullable(),
  goal: z.string().nullable(),
  met: z.boolean().nullable(),
})

type Measurement = z.infer<typeof measurement>

const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupted.abort())

const { values, positionals } = readOptions()
const chosen = chooseEntries(await findEntries('bench'), positionals)
if (typeof chosen === 'string') {
  console.error(chosen)
  process.exit(2)
}
const given = process.env.DATABASE_URL ?? ''
const postgres = given === '' && chosen.length > 0 ? await startTemporaryPostgres({ durable: true }) : null
const measured: Measurement[] = []
let crashed = false
try {
  for (const { name, file } of chosen) {
    if (interrupted.signal.aborted) break
    console.error(`── ${name}`)
    const argv = [
      ...(values.seconds === undefined ? [] : ['--seconds', values.seconds]),
      ...(values.only === undefined ? [] : ['--only', values.only]),
    ]
    const exitCode = await runBench(file, argv, postgres?.urlOf('postgres') ?? given)
    if (exitCode !== 0) {
      console.error(`${name} ended with exit code ${exitCode}`)
      crashed = true
    }
  }
} finally {
  await postgres?.stop()
}
console.error(chosen.length === 0 ? 'there is no bench yet' : table(measured))
process.exitCode = crashed || interrupted.signal.aborted ? 1 : measured.some(({ met }) => met === false) ? 3 : 0

function readOptions() {
  try {
    return parseArgs({ options: { seconds: { type: 'string' }, only: { type: 'string' } }, allowPositionals: true })
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error))
    console.error('usage: npm run bench -- [NAME …] [--only MEASUREMENT] [--seconds N]')
    process.exit(2)
  }
}

async function runBench(file: string, argv: readonly string[], databaseUrl: string): Promise<number> {
  const child = spawn(process.execPath, [file, ...argv], {
    cwd: rootDir,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, DATABASE_URL: databaseUrl },
  })
  const stop = () => child.kill('SIGTERM')
  interrupted.signal.addEventListener('abort', stop, { once: true })
  createInterface({ input: child.stdout }).on('line', (line) => {
    measured.push(measurement.parse(JSON.parse(line)))
    console.log(line)
  })
  return new Promise<number>((resolve, reject) =>
    child.on('error', reject).on('close', (code) => resolve(code ?? 1)),
  ).finally(() => interrupted.signal.removeEventListener('abort', stop))
}

function table(rows: readonly Measurement[]): string {
  const number = (value: number) => value.toLocaleString('en-US', { maximumFractionDigits: 2 })
  const cells = rows.map((row) => [
    row.metric,
    `${number(row.median)} ${row.unit}`,
    `${number(row.min)} – ${number(row.max)}`,
    row.peer === null ? '' : `${row.ratio === null ? '?' : number(row.ratio)} × ${row.peer}`,
    row.goal ?? '',
    row.met === null ? '' : row.met ? 'met' : 'MISSED',
  ])
  const all = [['measured', 'median', 'range', 'against', 'goal', ''], ...cells]
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? []
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
