import { AgentError } from '../agent-error.ts'
import type { Check } from '../doctor/check.ts'
import { type DiagnoseOptions, diagnose } from '../doctor/diagnose.ts'
import { type Output, shownText } from './output.ts'

/** Prints what is found as it is found. Fails when something is wrong. */
export async function doctor(options: DiagnoseOptions, output: Output): Promise<void> {
  let [count, wrongCount] = [0, 0]
  for await (const check of diagnose(options)) {
    count++
    if (!check.ok) wrongCount++
    output.print(check, () => text(check))
  }
  if (wrongCount > 0)
    throw new AgentError(
      'CHECKS_FAILED',
      `${wrongCount} of ${count} checks found something wrong`,
      'See the lines above: each says what to do. The first is the one to begin with.',
    )
}

const labels: Record<Check['check'], string> = {
  stateFolder: 'state folder',
  settings: 'settings',
  queue: 'queue',
  pairing: 'pairing',
  agent: 'agent',
  watchFolder: 'watch folder',
  directoryWatches: 'watching',
  clock: 'clock',
  'destination.address': 'destination address',
  'destination.name': 'destination name',
  'destination.connection': 'destination connection',
  'destination.proxy': 'destination proxy',
  'destination.encryption': 'destination encryption',
  'destination.answer': 'destination',
  'destination.access': 'access',
  'gateway.address': 'gateway address',
  'gateway.name': 'gateway name',
  'gateway.connection': 'gateway connection',
  'gateway.proxy': 'gateway proxy',
  'gateway.encryption': 'gateway encryption',
  'gateway.answer': 'gateway',
  'gateway.link': 'control link',
}
const labelWidth = Math.max(...Object.values(labels).map(({ length }) => length))

function text({ check, ok, message, advice }: Check): string {
  const line = `${(ok ? 'ok' : 'PROBLEM').padEnd(8)} ${labels[check].padEnd(labelWidth)}  ${shownText(message)}`
  return advice === null ? line : `${line}\n${' '.repeat(9 + labelWidth)}  → ${advice}`
}
