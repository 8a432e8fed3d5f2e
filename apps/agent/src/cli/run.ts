import { resolve } from 'node:path'
import type { WatchFolder } from '../capture/capture-port.ts'
import { type AgentFile, readAgentFile } from '../config.ts'
import { runAgent } from '../daemon/run-agent.ts'
import type { ReachOptions } from '../local-api/reach-queue.ts'
import type { Output } from './output.ts'

export type RunCommandOptions = ReachOptions & {
  watch: readonly string[]
  configPath: string | undefined
  workers: number | undefined
  settleMs: number | undefined
  output: Output
  signal: AbortSignal
}

/** Runs the daemon until the signal aborts. Flags override `agent.json`; folders named by flag come on top of its own. */
export async function run(options: RunCommandOptions): Promise<void> {
  const { stateDir, allowInsecure, log, output, signal } = options
  const file = withFlags(readAgentFile(stateDir, options.configPath), options)
  const watch = watchedFolders(file, options.watch)
  await runAgent({
    stateDir,
    file,
    watch,
    allowInsecure,
    log,
    signal,
    onReady: () =>
      output.print(
        { event: 'ready', pid: process.pid, watch: watch.map(({ path }) => path) },
        `Watching ${watch.length} folder${watch.length === 1 ? '' : 's'}. Ctrl-C ends the agent cleanly.`,
      ),
  })
}

function withFlags(file: AgentFile, { workers, settleMs }: RunCommandOptions): AgentFile {
  return { ...file, ...(workers === undefined ? {} : { workers }), ...(settleMs === undefined ? {} : { settleMs }) }
}

function watchedFolders(file: AgentFile, flags: readonly string[]): WatchFolder[] {
  const folders = new Map<string, WatchFolder>(file.watch.map((setting) => [setting.path, setting]))
  for (const flag of flags) {
    const path = resolve(flag)
    const plain: WatchFolder = {
      path,
      channel: 0,
      mode: 'on-close',
      include: [],
      exclude: [],
      order: 'oldest-first',
      bytesPerSecond: null,
    }
    folders.set(path, folders.get(path) ?? plain)
  }
  return [...folders.values()]
}
