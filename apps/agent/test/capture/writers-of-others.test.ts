import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { FolderFiles } from '../../src/capture/folder-files.ts'
import { lookAt } from '../../src/capture/sighting.ts'
import { contextFor } from './context-for.ts'
import { startRecorder } from './recorder.ts'
import { temporaryFolder } from './watched-folder.ts'

const run = promisify(execFile)
const isRoot = process.getuid?.() === 0

/** What a probe finds that runs as a user of no rights but these; as ourselves where we are not root ourselves, and then without rights. */
async function probeAs(rights: readonly string[], path: string): Promise<{ found: string[]; isBlind: boolean }> {
  const probe = [process.execPath, join(import.meta.dirname, 'probe-once.ts'), path]
  const names = rights.map((right) => `+${right}`).join(',')
  const caps = rights.length === 0 ? [] : [`--inh-caps=${names}`, `--ambient-caps=${names}`]
  const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', ...caps, '--']
  const [program = '', ...args] = isRoot ? [...nobody, ...probe] : probe
  const { stdout } = await run(program, args)
  return JSON.parse(stdout)
}

const rightsOf = (unit: string): string[] =>
  (/^AmbientCapabilities=(.*)$/m.exec(unit)?.[1] ?? '').toLowerCase().replaceAll('cap_', '').split(' ').filter(Boolean)

test('with the rights that the service has, the writer of a file is seen whosever it is', async () => {
  await using temporary = await temporaryFolder()
  await using recorder = await startRecorder()
  const path = join(temporary.path, 'a.mov')
  await recorder.do({ action: 'open', path })
  const unit = await readFile(join(import.meta.dirname, '../../../../infra/agent/rushes-agent.service'), 'utf8')
  const rights = rightsOf(unit)
  expect(/^CapabilityBoundingSet=(.*)$/m.exec(unit)?.[1]).toBe(/^AmbientCapabilities=(.*)$/m.exec(unit)?.[1])
  expect(rights).toContain('sys_ptrace')
  // Without root nobody can be given rights: then the recorder is seen because it is ours.
  const { found, isBlind } = await probeAs(rights, path)
  expect(found).toEqual([path])
  expect(isBlind).toBe(!isRoot)
})

test('a probe that may not look at the processes of others says so', async () => {
  await using temporary = await temporaryFolder()
  const path = join(temporary.path, 'a.mov')
  await writeFile(path, 'take')
  expect(await probeAs(['dac_read_search'], path)).toEqual({ found: [], isBlind: true })
})

describe('a recording whose writer may be hidden', () => {
  /** A file that grew in a folder, 2 s after it stopped, by a clock that the test moves. */
  async function grown(mode: 'realtime' | 'on-close', isBlind: boolean) {
    const temporary = await temporaryFolder()
    const path = join(temporary.path, 'a.mov')
    let nowMs = 1_000
    const { record, context } = contextFor(temporary.path)
    const files = new FolderFiles({
      ...context,
      folder: { ...context.folder, mode },
      clock: { ...context.clock, monotonicMs: () => nowMs },
      writers: { probe: async () => new Set(), look: () => 'unknown', isBlind: () => isBlind },
      restMs: 2_000,
    })
    const see = async () => files.take(await lookAt(temporary.path, 'a.mov', context.folder))
    const pass = async (durationMs: number) => {
      nowMs += durationMs
      await files.advance(async () => true)
    }
    await writeFile(path, 'head')
    files.beginScan(temporary.path)
    await see()
    files.finishScan()
    await writeFile(path, 'head and picture')
    await see()
    await pass(2_000)
    return { [Symbol.asyncDispose]: () => temporary[Symbol.asyncDispose](), record, pass }
  }

  test('counts as ended after the settle time when nobody has it open', async () => {
    await using recording = await grown('realtime', false)
    expect(recording.record.toldOf('a.mov')).toEqual(['onGrowing', 'onSettled'])
  })

  test('counts as ended only when it did not grow for a minute where some processes cannot be looked at', async () => {
    await using recording = await grown('realtime', true)
    expect(recording.record.settled('a.mov')).toEqual([])
    await recording.pass(57_999)
    expect(recording.record.settled('a.mov')).toEqual([])
    await recording.pass(1)
    expect(recording.record.toldOf('a.mov')).toEqual(['onGrowing', 'onSettled'])
  })

  test('is not waited for where it goes up when it is complete', async () => {
    await using recording = await grown('on-close', true)
    expect(recording.record.toldOf('a.mov')).toEqual(['onGrowing', 'onSettled'])
  })
})
