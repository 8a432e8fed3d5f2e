import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const run = promisify(execFile)

test('the agent is one file to install: it unpacks to an executable that needs nothing else, its unit and its user', async ({
  onTestFinished,
}) => {
  const folder = await mkdtemp(join(tmpdir(), 'rushes-packaged-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const script = join(import.meta.dirname, 'package-agent.ts')
  const { stdout } = await run(process.execPath, [script, '--out', folder])
  await run('tar', ['-xzf', stdout.trim(), '-C', folder])

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
