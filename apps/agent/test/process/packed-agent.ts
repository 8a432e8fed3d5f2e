import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('../../../../infra/agent/package-agent.ts', import.meta.url))

/** The agent as it is installed on a device: its executable, and the environment that its unit gives it. */
export type PackedAgent = { executable: string; env: Record<string, string> }

/** Packs the agent for this machine and unpacks it in a folder. */
export function unpackAgent(folder: string): PackedAgent {
  const archive = execFileSync(process.execPath, [script, '--out', folder], { encoding: 'utf8' }).trim()
  execFileSync('tar', ['-xzf', archive, '-C', folder])
  const unit = readFileSync(join(folder, 'usr/lib/systemd/system/rushes-agent.service'), 'utf8')
  const settings = [...unit.matchAll(/^Environment=(.*)$/gm)].flatMap(([, line = '']) => line.split(' '))
  const env = Object.fromEntries(settings.map((setting) => setting.split('=', 2) as [string, string]))
  return { executable: join(folder, 'usr/bin/rushes-agent'), env }
}
