import { mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findTools } from '../../src/media/find-tools.ts'
import { type RunLimits, runLimited } from '../../src/media/run-limited.ts'
import { until } from '../support/until.ts'

const cage = await findTools(pino({ level: 'silent' }))
const limits: RunLimits = { cpuSeconds: 5, memoryBytes: 256 * 1024 * 1024, wallMs: 30_000, outputBytes: 10_000 }

describe.skipIf(cage === null)('a program that is not trusted (needs ffmpeg and util-linux)', () => {
  let dir: string
  let file: Awaited<ReturnType<typeof open>>
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'rushes-limits-'))
    await writeFile(join(dir, 'in'), 'the bytes of the clip')
    file = await open(join(dir, 'in'))
  })
  afterAll(async () => {
    await file.close()
    await rm(dir, { recursive: true })
  })
  const run = (script: string, change: Partial<RunLimits> = {}, signal = new AbortController().signal) =>
    runLimited(['sh', '-c', script], {
      cage: cage ?? { prefix: [] },
      fd: file.fd,
      limits: { ...limits, ...change },
      signal,
    })

  test('is given the file, and is told nothing of this program', async () => {
    process.env.RUSHES_SECRET = 'not for others'
    try {
      const outcome = await run('cat /dev/fd/3; echo; env; pwd; nice')
      expect(outcome.kind).toBe('done')
      const text = outcome.kind === 'done' ? outcome.stdout.toString() : ''
      expect(text).toMatch(/^the bytes of the clip\n/)
      expect(text).not.toContain('RUSHES')
      expect(text).toMatch(/\n\/\n19\n$/)
    } finally {
      delete process.env.RUSHES_SECRET
    }
  })

  test('that says no is quoted, one line of it and nothing that moves a cursor', async () => {
    expect(await run(String.raw`printf '\n\033[2Jno \377 good\nmore\n' >&2; exit 3`)).toEqual({
      kind: 'failed',
      error: '?[2Jno ? good',
    })
    expect(await run('exit 4')).toEqual({ kind: 'failed', error: 'it ended with 4' })
  })

  test.each([
    ['takes too long', 'sleep 60', { wallMs: 200 }, 'it took longer than 0.2 s'],
    ['prints without end', 'yes', {}, 'it printed more than 10000 bytes'],
    ['computes without end', 'while :; do :; done', { cpuSeconds: 1 }, 'it ended with SIGKILL'],
  ])('is stopped when it %s', async (_what, script, change, error) => {
    expect(await run(script, change)).toEqual({ kind: 'failed', error })
  })

  test('gets no more memory than it may have', async () => {
    expect((await run('x=$(head -c 600M /dev/zero | tr "\\0" x); echo done')).kind).toBe('failed')
  })

  test('writes no file', async () => {
    expect((await run(`echo x > ${dir}/out`)).kind).toBe('failed')
    expect((await readdir(dir)).filter((name) => name !== 'in' && name !== 'out')).toEqual([])
  })

  test('ends with the signal, before and while it runs, and nothing of it is left', async () => {
    const stop = new AbortController()
    const running = run(`echo $$ > /dev/null; exec sleep 61.5`, {}, stop.signal)
    await until('it runs', async () => (await sleepers()) > 0)
    stop.abort()
    expect(await running).toEqual({ kind: 'interrupted' })
    await until('it is gone', async () => (await sleepers()) === 0)
    expect(await run('true', {}, stop.signal)).toEqual({ kind: 'interrupted' })
  })

  test('that is not there is a failure like any other', async () => {
    const missing = {
      cage: { prefix: ['/no/such/program'] },
      fd: file.fd,
      limits,
      signal: new AbortController().signal,
    }
    expect(await runLimited(['true'], missing)).toMatchObject({ kind: 'failed' })
  })
})

/** How many processes sleep for exactly as long as the one of the test. */
async function sleepers(): Promise<number> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const lines = await Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, 'latin1').catch(() => ''))) // it ended
  return lines.filter((line) => line.startsWith('sleep\0' + '61.5')).length
}
