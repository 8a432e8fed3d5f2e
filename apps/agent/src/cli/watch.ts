import { AgentError } from '../agent-error.ts'
import { type ClipProgress, maxProgressClips, type Operations } from '../local-api/operations.ts'
import { type Output, shownText } from './output.ts'
import { homeSentence } from './progress/home-sentence.ts'
import { showProgress } from './progress/show-progress.ts'

/** Shows what is on its way until it is interrupted. */
export async function watch(operations: Operations, output: Output, signal: AbortSignal): Promise<void> {
  await requireDaemon(operations)
  await showProgress(() => operations.progress({ ids: null }), output, signal)
  const status = await operations.status({})
  output.print(
    { event: 'watchEnded' },
    () => `${homeSentence(status)}. Uploads go on; to see them again: rushes-agent watch`,
  )
}

export type WaitedFor = 'uploaded' | 'verified'

/** Shows progress of the named clips until all have come as far as was asked for. Fails when one will not, or when it is interrupted. */
export async function waitFor(
  operations: Operations,
  ids: readonly string[],
  wanted: WaitedFor,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const open = new Set(ids)
  const ended: ClipProgress[] = []
  await showProgress(
    async () => {
      if (open.size === 0) return null
      // One answer tells of so many; those behind them are asked about as these end.
      const asked = [...open].slice(0, maxProgressClips)
      const answer = await operations.progress({ ids: asked })
      for (const clip of answer.clips.filter(({ state }) => hasEnded(state, wanted))) {
        open.delete(clip.id)
        ended.push(clip)
      }
      return answer
    },
    output,
    signal,
  )
  for (const clip of ended) {
    const { id, path, state, reason } = clip
    output.print({ event: 'ended', id, path, state, reason }, `${state.padEnd(10)} ${shownText(path)}`)
  }
  if (open.size > 0)
    throw new AgentError(
      'WAIT_INTERRUPTED',
      `stopped waiting for ${open.size} of ${ids.length} files`,
      'Uploads go on; to see them: rushes-agent watch',
    )
  const lost = ended.filter(({ state }) => state !== 'uploaded' && state !== 'verified')
  if (lost.length > 0)
    throw new AgentError(
      'UPLOAD_FAILED',
      `${lost.length} of ${ids.length} files were not uploaded`,
      'rushes-agent list says why; retry or reset starts them again.',
    )
}

/** Only a running agent uploads; without one there is nothing to look at, and the lock of the queue is not to be kept from it. */
export async function requireDaemon(operations: Operations): Promise<void> {
  if ((await operations.status({})).daemon) return
  throw new AgentError(
    'DAEMON_NOT_RUNNING',
    'no agent runs, so nothing is uploaded',
    'Start it with: rushes-agent run --watch DIR',
  )
}

const lostStates = new Set<ClipProgress['state']>(['failed', 'blocked', 'cancelled', 'cleared', 'refused'])
const hasEnded = (state: ClipProgress['state'], wanted: WaitedFor): boolean =>
  state === 'verified' || (state === 'uploaded' && wanted === 'uploaded') || lostStates.has(state)
