/**
 * `npm run bench -- [NAME …]` runs benchmarks, one after the other. A bench is a program in a folder `bench`: each line that it
 * prints is one measurement in JSON; everything else it says goes to standard error. Exits with 3 when a goal was missed.
 */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { chooseEntries, findEntries } from './find-entries.ts'
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

const { values, positionals } = parseArgs({ options: { seconds: { type: 'string' } }, allowPositionals: true })
const chosen = chooseEntries(await findEntries('bench'), positionals)
if (typeof chosen === 'string') {
  console.error(chosen)
  process.exit(2)
}
const measured: Measurement[] = []
let crashed = false
for (const { name, file } of chosen) {
  console.error(`── ${name}`)
  const argv = values.seconds === undefined ? [] : ['--seconds', values.seconds]
  const exitCode = await runBench(file, argv)
  if (exitCode !== 0) {
    console.error(`${name} ended with exit code ${exitCode}`)
    crashed = true
  }
}
console.error(chosen.length === 0 ? 'there is no bench yet' : table(measured))
process.exitCode = crashed ? 1 : measured.some(({ met }) => met === false) ? 3 : 0

async function runBench(file: string, argv: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [file, ...argv], { cwd: rootDir, stdio: ['ignore', 'pipe', 'inherit'] })
  createInterface({ input: child.stdout }).on('line', (line) => {
    measured.push(measurement.parse(JSON.parse(line)))
    console.log(line)
  })
  return new Promise((resolve, reject) => child.on('error', reject).on('close', (code) => resolve(code ?? 1)))
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
