import { resolve } from 'node:path'
import { reasons } from '@rushes/protocol'
import { AgentError } from '../agent-error.ts'
import type { ListedUpload, OperationOutput, Operations, StatusAnswer } from '../local-api/operations.ts'
import { leftOutText } from './left-out-text.ts'
import { type Output, shownBytes, shownText } from './output.ts'
import { nameOf } from './progress/draw-progress.ts'
import { homeSentence } from './progress/home-sentence.ts'

const pageSize = 500

/** Queues files by hand; resolves with the ids of all that are in the queue now. Fails when one of them could not be taken. */
export async function add(
  operations: Operations,
  paths: readonly string[],
  channel: number,
  output: Output,
): Promise<string[]> {
  const status = await operations.status({})
  if (!status.paired) throw notPaired()
  const asks = paths.map((path) => async () => (await operations.add({ paths: [resolve(path)], channel }))[0])
  return addEach(asks, output)
}

/** Asks for one clip after the other to be queued and tells what came of each; resolves and fails as `add`. */
export async function addEach(
  asks: readonly (() => Promise<OperationOutput<'addPiped'> | undefined>)[],
  output: Output,
): Promise<string[]> {
  const ids: string[] = []
  let isAnyRefused = false
  for (const ask of asks) {
    const outcome = await ask()
    if (outcome === undefined) continue
    isAnyRefused ||= outcome.outcome === 'refused' || outcome.outcome === 'unreadable'
    if (outcome.id !== undefined) ids.push(outcome.id)
    output.print(outcome, () => {
      const why = outcome.reason ?? outcome.message ?? outcome.state
      return `${outcome.outcome.padEnd(10)} ${shownText(outcome.path)}${why === undefined ? '' : ` (${shownText(why)})`}`
    })
  }
  if (isAnyRefused) throw new AgentError('SERVER_REFUSED', 'not every file could be queued', 'See the lines above.')
  return ids
}

/** Tells the daemon that a growing file is complete. Fails when nothing grows there. */
export async function finishRecording(operations: Operations, path: string, output: Output): Promise<void> {
  const absolute = resolve(path)
  const { finished } = await operations.finish({ path: absolute })
  if (!finished)
    throw new AgentError(
      'SERVER_REFUSED',
      `nothing grows at ${shownText(absolute)}`,
      'It may be complete already, or lie in no watch folder; rushes-agent list shows what is known.',
    )
  output.print({ path: absolute, finished }, `finished   ${shownText(absolute)}`)
}

/** Prints the queue in the order in which it was filled. */
export async function list(operations: Operations, output: Output): Promise<void> {
  for (let afterSeq = 0; ; ) {
    const page = await operations.list({ afterSeq, limit: pageSize })
    // Beside the lines, which scripts count.
    if (afterSeq === 0 && page.length === 0 && !output.json) process.stderr.write('The queue is empty.\n')
    for (const { seq, ...upload } of page) output.print(upload, () => listLine({ seq, ...upload }))
    const last = page.at(-1)
    if (last === undefined || page.length < pageSize) return
    afterSeq = last.seq
  }
}

export async function status(operations: Operations, output: Output): Promise<void> {
  const answer = await operations.status({})
  output.print(answer, () => statusText(answer))
}

type Touching = (input: {
  ids: string[] | null
}) => Promise<{ ids: string[]; byteCount: number; onlyCopies?: string[] }>

/** Retry, reset or cancel: the named uploads, or all that are meant by the flag. Fails when a named one was left as it was. */
export async function touch(
  verb: string,
  operation: Touching,
  ids: readonly string[],
  all: boolean,
  flag: string,
  output: Output,
): Promise<void> {
  if (ids.length === 0 && !all)
    throw new AgentError('MISUSE', `${verb} needs upload ids or ${flag}`, 'rushes-agent list shows the ids.')
  const touched = await operation({ ids: all ? null : [...ids] })
  output.print(touched, () =>
    [
      `${verb}: ${touched.ids.length} files, ${shownBytes(touched.byteCount)}`,
      ...(touched.onlyCopies ?? []).map(
        (path) => `kept        ${shownText(path)} (the only copy of what came through a pipe)`,
      ),
    ].join('\n'),
  )
  const missed = all ? [] : ids.filter((id) => !touched.ids.includes(id))
  if (missed.length > 0)
    throw new AgentError(
      'SERVER_REFUSED',
      `nothing to ${verb} about ${missed.join(', ')}`,
      'rushes-agent list shows which uploads there are and their states.',
    )
}

export const notPaired = (): AgentError =>
  new AgentError('NOT_PAIRED', 'this device is not paired', 'Pair it first: rushes-agent pair --server URL')

function listLine(upload: ListedUpload): string {
  const percent = upload.sizeBytes === 0 ? 0 : Math.floor((upload.bytesAcknowledged * 100) / upload.sizeBytes)
  const why = upload.reason === null ? '' : ` · ${reasons[upload.reason].title}`
  const error = upload.error === null ? '' : ` · ${shownText(upload.error.message)}`
  const unblocked = upload.unblocked === null ? '' : ` · offered again: ${shownText(upload.unblocked.reason)}`
  return `${upload.id}  ${upload.state.padEnd(11)} ${`${percent} %`.padStart(5)} ${shownBytes(upload.sizeBytes).padStart(9)}  ${shownText(upload.path)}${why}${error}${unblocked}`
}

function statusText(answer: StatusAnswer): string {
  const { project, bytes, counts, hold, uploadLink } = answer
  const leftOut = leftOutText(answer.leftOut)
  const states = Object.entries(counts).map(([state, count]) => `${count} ${state}`)
  return [
    `device      ${answer.deviceId ?? answer.clientId}${answer.daemon ? '' : ' (agent not running)'}`,
    `project     ${answer.paired ? shownText(project?.name ?? 'none yet') : 'not paired'}`,
    `destination ${answer.destination || '-'} (${linkWords[uploadLink.state]}${uploadLink.lastError === null ? '' : `, last error: ${uploadLink.lastError}`})`,
    `control     ${answer.controlServer ?? '-'}${controlText(answer.controlLink)}`,
    `queue       ${states.length === 0 ? 'empty' : states.join(', ')}`,
    `bytes       ${shownBytes(bytes.captured)} captured, ${shownBytes(bytes.acknowledged)} acknowledged, ${shownBytes(bytes.verified)} verified, ${shownBytes(bytes.waiting)} waiting`,
    `rate        ${shownBytes(answer.rateBytesPerSecond)}/s${limitText(answer.limitBytesPerSecond)}`,
    ...answer.folders.map(
      (folder) =>
        `folder      ${shownText(nameOf(folder))}: ${homeSentence({ ...answer, ...folder, rateBytesPerSecond: 0 })}`,
    ),
    ...(hold === null ? [] : [`on hold     since ${new Date(hold.since).toLocaleString()}, by ${hold.by}`]),
    ...(answer.pairingEndsAt === null
      ? []
      : [
          `pairing     ends ${new Date(answer.pairingEndsAt).toLocaleString()} unless the destination is reached before`,
        ]),
    ...(answer.sharingPaused ? [`sharing     paused: ${reasons.sharingPausedNow.explanation}`] : []),
    ...answer.volumes.map(
      (volume) =>
        `volume      ${shownText(volume.label)} at ${shownText(volume.path)}${volume.present ? (volume.freeBytes === null ? '' : `, ${shownBytes(volume.freeBytes)} free`) : ', not connected'}`,
    ),
    ...(leftOut === null ? [] : [`left out    ${leftOut}`]),
    ...(answer.daemon ? [] : ['not moving  no agent runs: start it with rushes-agent run --watch DIR']),
    ...answer.notMoving.map(
      ({ reason }) =>
        `not moving  ${isReason(reason) ? `${reasons[reason].title}: ${reasons[reason].explanation}` : reason}`,
    ),
  ].join('\n')
}

const linkWords: Record<StatusAnswer['uploadLink']['state'], string> = {
  up: 'up',
  down: 'down',
  unknown: 'not tried yet',
}

const limitText = (bytesPerSecond: number | null): string =>
  bytesPerSecond === null ? '' : `, held to ${shownBytes(bytesPerSecond)}/s by bandwidth in agent.json`

function controlText(link: StatusAnswer['controlLink']): string {
  if (link === null) return ''
  return ` (${link.state}${link.state === 'online' ? '' : `: ${shownText(link.message)}`})`
}

const isReason = (code: string): code is keyof typeof reasons => Object.hasOwn(reasons, code)
