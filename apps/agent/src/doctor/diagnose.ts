import { AgentError } from '../agent-error.ts'
import { type AgentFile, proxyOfEnvironment, readAgentFile } from '../config.ts'
import { createDestinationPool } from '../destination-pool.ts'
import { remoteOperations } from '../local-api/call.ts'
import type { StatusAnswer } from '../local-api/operations.ts'
import { type ProxySettings, proxyControlLink, trustAuthorities } from '../network-settings.ts'
import { type Check, well, wrong } from './check.ts'
import { checkClock } from './check-clock.ts'
import { checkDestination } from './check-destination.ts'
import { checkGateway } from './check-gateway.ts'
import { checkStateFolder } from './check-state-folder.ts'
import { checkWatchFolders } from './check-watch-folders.ts'
import { lookIntoQueue } from './look-into-queue.ts'

export type DiagnoseOptions = {
  stateDir: string
  configPath: string | undefined
  /** Watched besides those of the settings. */
  watch: readonly string[]
  allowInsecure: boolean
  timeoutMs: number
}

/** Looks at everything that uploads depend on and tells of each as it is found, what lies nearest first. Changes nothing. */
export async function* diagnose(options: DiagnoseOptions): AsyncGenerator<Check, void> {
  const { stateDir, configPath, allowInsecure, timeoutMs } = options
  const stateFolder = checkStateFolder(stateDir)
  yield stateFolder
  const settings = readSettings(stateDir, configPath)
  yield settings.check
  const look = lookIntoQueue(stateDir)
  yield* look.checks
  const status = await statusOf(stateDir)
  yield status === null
    ? wrong(
        'agent',
        'no agent runs, so nothing is uploaded',
        'Start it: systemctl start rushes-agent, or rushes-agent run --watch DIR',
      )
    : well('agent', `version ${status.agentVersion} runs`)
  const watched = [...(settings.file?.watch ?? []).map(({ path }) => path), ...options.watch]
  if (settings.file !== null) yield* await checkWatchFolders([...new Set(watched)])

  let serverNowMs: number | null = null
  if (settings.proxy !== null && settings.file !== null) {
    const { proxy, file } = settings
    proxyControlLink(proxy)
    const onServerTime = (nowMs: number) => {
      serverNowMs = nowMs
    }
    const pool = createDestinationPool({ caFile: file.caFile, maxPartsInFlight: 1, allowInsecure, proxy, onServerTime })
    try {
      const reaching = { pool, proxy, allowInsecure, timeoutMs, nowMs: Date.now }
      if (look.link !== null) yield* checkDestination(look.link, reaching)
      if (look.agentUrl !== null) yield* checkGateway(look.agentUrl, reaching)
    } finally {
      await pool.close()
    }
  }
  const link = status?.controlLink ?? null
  if (link !== null)
    yield link.state === 'online'
      ? well('gateway.link', link.message)
      : wrong('gateway.link', link.message, 'rushes-agent status shows whether it has come back.')
  yield checkClock(Date.now(), serverNowMs)
}

type Settings = { check: Check; file: AgentFile | null; proxy: ProxySettings | null }

function readSettings(stateDir: string, configPath: string | undefined): Settings {
  try {
    const [file, proxy] = [readAgentFile(stateDir, configPath), proxyOfEnvironment()]
    trustAuthorities(file.caFile ?? null)
    return { check: well('settings', 'agent.json and the environment can be used'), file, proxy }
  } catch (error) {
    if (!(error instanceof AgentError)) throw error
    return { check: wrong('settings', error.message, error.hint), file: null, proxy: null }
  }
}

/** Null when none runs. */
async function statusOf(stateDir: string): Promise<StatusAnswer | null> {
  try {
    return await remoteOperations(stateDir).status({})
  } catch (error) {
    if (error instanceof AgentError && error.code === 'DAEMON_NOT_RUNNING') return null
    throw error
  }
}
