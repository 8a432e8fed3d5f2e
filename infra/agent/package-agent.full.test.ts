import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'

const run = promisify(execFile)

const script = join(import.meta.dirname, 'package-agent.ts')

/** The root of a device with the agent unpacked into it. */
async function unpacked(...args: string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'rushes-packaged-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const { stdout } = await run(process.execPath, [script, '--out', folder, ...args])
  await run('tar', ['-xzf', stdout.trim(), '-C', folder])
  return folder
}

test('the agent for another architecture holds the same program in an executable of that architecture', async () => {
  const folder = await unpacked('--target', 'linux-arm64')
  const executable = await readFile(join(folder, 'usr/bin/rushes-agent'))
  // The head of an ELF file: its name, 64 bits, and the machine, which is 183 for AArch64.
  expect(executable.subarray(0, 5)).toEqual(Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2]))
  expect(executable.readUInt16LE(18)).toBe(183)
  // Node.js runs what is in it only where this is set.
  expect(executable.includes('NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:1')).toBe(true)
  expect(executable.includes('--state-dir')).toBe(true)
})

test('the agent is one file to install: it unpacks to an executable that needs nothing else, its unit and its user', async () => {
  const folder = await unpacked()

  // No PATH and a foreign working directory: whatever it needs must be in it.
  const agent = (...args: string[]) =>
    run(join(folder, 'usr/bin/rushes-agent'), ['--state-dir', join(folder, 'state'), ...args], { cwd: '/', env: {} })
  const { version } = JSON.parse(await readFile(join(import.meta.dirname, '../../apps/agent/package.json'), 'utf8'))
  expect((await agent('--version')).stdout.trim()).toBe(version)
  expect(JSON.parse((await agent('--json', 'status')).stdout)).toMatchObject({ paired: false, daemon: false })
  await expect(agent('run')).rejects.toMatchObject({ code: 3 })

  const unit = await readFile(join(folder, 'usr/lib/systemd/system/rushes-agent.service'), 'utf8')
  for (const line of [
    'Type=notify',
    'WatchdogSec=120',
    'User=rushes-agent',
    'NoNewPrivileges=yes',
    'ProtectSystem=strict',
  ])
    expect(unit.split('\n')).toContain(line)
  expect(await readFile(join(folder, 'usr/lib/sysusers.d/rushes-agent.conf'), 'utf8')).toMatch(/^u rushes-agent /)
})
