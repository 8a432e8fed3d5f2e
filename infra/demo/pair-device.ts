import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import type { Instance } from '../start/instance.ts'
import { appFile, rootDir } from '../start/repository.ts'
import { runAdmin } from '../start/run-admin.ts'
import type { DemoDevice } from './demo-devices.ts'

/** What `rushes-agent` exits with when the state folder holds no pairing. */
const notPaired = 3

const status = z.object({ paired: z.boolean(), controlServer: z.string().nullable(), destination: z.string() })

/** Whether the agent of a state folder is paired with this instance, at the addresses that it has now. */
export async function isPairedWith(instance: Instance, stateDir: string): Promise<boolean> {
  const { code, lastLines } = await runAgent(['status', '--state-dir', stateDir, '--json'], () => undefined)
  if (code === notPaired) return false
  const answer = lastLines.find((line) => line.startsWith('{'))
  if (code !== 0 || answer === undefined)
    throw new Error(`rushes-agent status failed (${code}): ${lastLines.join(' / ')}`)
  const { paired, controlServer, destination } = status.parse(JSON.parse(answer))
  return paired && controlServer === instance.publicUrl && destination === instance.ingestUrl
}

/** Pairs the ordinary way: the agent asks for a code and shows it, an admin approves it into the project. */
export async function pairDevice(
  instance: Instance,
  options: { device: DemoDevice; stateDir: string; projectId: string },
  signal: AbortSignal,
): Promise<void> {
  const { device, stateDir, projectId } = options
  const argv = [
    'pair',
    '--server',
    instance.publicUrl,
    '--name',
    device.name,
    '--state-dir',
    stateDir,
    '--json',
    ...insecureFlag(instance),
  ]
  let approval: Promise<unknown> | undefined
  const { code, lastLines } = await runAgent(
    argv,
    (line) => {
      const shown = /"userCode": ?"(\d{6})"/.exec(line)?.[1]
      if (shown === undefined || approval !== undefined) return
      approval = runAdmin(instance.env, ['pairing', 'approve', shown, '--project', projectId])
      approval.catch(() => undefined) // awaited below; until then its failure is not unhandled
    },
    signal,
  )
  await approval
  if (code !== 0) throw new Error(`rushes-agent pair failed (${code}): ${lastLines.join(' / ')}`)
}

/** Plain HTTP beyond this machine is what `--host 0.0.0.0` means; an agent wants to be told that it is meant. */
export function insecureFlag({ publicUrl, ingestUrl }: Instance): string[] {
  const isPlain = (url: string) => /^http:\/\/(?!localhost[:/]|127\.)/.test(`${url}/`)
  return isPlain(publicUrl) || isPlain(ingestUrl) ? ['--insecure'] : []
}

async function runAgent(
  argv: readonly string[],
  onLine: (line: string) => void,
  signal: AbortSignal = AbortSignal.timeout(60_000),
): Promise<{ code: number | null; lastLines: string[] }> {
  const child = spawn(process.execPath, [appFile('agent'), ...argv], {
    cwd: rootDir,
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  })
  const lastLines: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      if (lastLines.push(line) > 5) lastLines.shift()
      onLine(line)
    })
  }
  const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve))
  return { code, lastLines }
}
