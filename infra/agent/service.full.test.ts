import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'

const analyze = (...args: string[]) => spawnSync('systemd-analyze', args, { encoding: 'utf8' })
const isInstalled = analyze('--version').status === 0

/** The unit with a program that is there, since systemd looks for it. */
async function unitWith(change: (unit: string) => string = (unit) => unit): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'rushes-unit-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const unit = await readFile(join(import.meta.dirname, 'rushes-agent.service'), 'utf8')
  const path = join(folder, 'rushes-agent.service')
  await writeFile(path, change(unit.replace('/usr/bin/rushes-agent', process.execPath)))
  return path
}

/** What systemd has to say about a unit; nothing where it takes all of it. */
const complaints = (path: string): string => analyze('verify', '--man=no', path).stderr

test.skipIf(!isInstalled)('systemd takes every line of the unit', async () => {
  expect(complaints(await unitWith((unit) => unit.replace('NoNewPrivileges', 'NoNewPrivilege')))).toContain('Unknown')
  expect(complaints(await unitWith())).toBe('')
})

test.skipIf(!isInstalled)('systemd calls what the service is exposed to low', async () => {
  // In tenths: 10 is a service that nothing holds back, and from 5 on systemd calls it medium.
  const isWithin = (path: string) => analyze('security', '--offline=true', '--threshold=35', path).status === 0
  expect(isWithin(await unitWith((unit) => unit.replace(/^(Protect|Restrict|Capability).*$/gm, '')))).toBe(false)
  expect(isWithin(await unitWith())).toBe(true)
})
