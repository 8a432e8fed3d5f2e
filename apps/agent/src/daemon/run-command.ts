import type { CommandBody, CommandResult } from '@rushes/protocol'
import { backoffBoundMs, fullJitterMs } from '@rushes/upload-core'
import type { CommandOrder, CommandProgress, FinalOutcome } from '../link-port.ts'
import {
  clearUploads,
  endHold,
  holdUploads,
  releaseHeld,
  retryUploads,
  type Touched,
  unblockUpload,
} from '../queue/decisions.ts'
import { acknowledgeExecution, beginExecution, finishExecution, readExecution } from '../queue/executions.ts'
import { readUploadLink } from '../queue/links.ts'
import { digestText, newestReceipt } from '../queue/move-project.ts'
import type { Queue } from '../queue/open-queue.ts'
import { sleep } from '../sleep.ts'
import type { Authorization } from '../upload/authorization.ts'
import { hashText } from '../xxh64.ts'

export type CommandOptions = { queue: Queue; authorization: Authorization; random(): number; stop: AbortSignal }

/** How long a move to another project is tried before it is reported as failed; the device goes on trying by itself. */
const assignPatienceMs = 600_000

/** Carries orders out, each at most once at a time in this process and with one durable outcome for ever. */
export function createCommandRunner(options: CommandOptions) {
  const running = new Map<string, Promise<FinalOutcome>>()
  return (
    order: CommandOrder,
    onProgress: (progress: CommandProgress) => void,
    signal: AbortSignal,
  ): Promise<FinalOutcome> => {
    const already = running.get(order.executionId)
    if (already !== undefined) return already
    const run = runOnce(options, order, onProgress, signal).finally(() => running.delete(order.executionId))
    running.set(order.executionId, run)
    return run
  }
}

async function runOnce(
  options: CommandOptions,
  order: CommandOrder,
  onProgress: (progress: CommandProgress) => void,
  signal: AbortSignal,
): Promise<FinalOutcome> {
  const { queue } = options
  const recorded = readExecution(queue, order.executionId)
  if (recorded !== null && recorded.state !== 'acknowledged' && recorded.state !== 'running') return recorded
  acknowledgeExecution(queue, order)
  if (signal.aborted) return finishExecution(queue, order, { state: 'cancelled' })
  const isLate = order.expiresAt !== null && Date.parse(order.expiresAt) <= queue.now()
  // One that was begun before a restart is finished: its effects are either all stored, with their outcome, or not there at all.
  if (isLate && recorded?.state !== 'running') return finishExecution(queue, order, { state: 'expired' })
  beginExecution(queue, order.executionId)
  try {
    return await carryOut(options, order, onProgress, signal)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return finishExecution(queue, order, { state: 'failed', errorCode: 'DEVICE_ERROR', message: message.slice(0, 500) })
  }
}

async function carryOut(
  options: CommandOptions,
  order: CommandOrder,
  onProgress: (progress: CommandProgress) => void,
  signal: AbortSignal,
): Promise<FinalOutcome> {
  const { queue } = options
  const { body } = order
  if (body.kind === 'assignProject') return assignProject(options, order, body, onProgress, signal)
  // Effects and outcome in one transaction: a crash leaves both or none.
  return queue.transact(() =>
    finishExecution(queue, order, { state: 'succeeded', result: carryOutOnQueue(queue, body) }),
  )
}

function carryOutOnQueue(queue: Queue, body: Exclude<CommandBody, { kind: 'assignProject' }>): CommandResult {
  switch (body.kind) {
    case 'retryUploads':
      return resultOf(retryUploads(queue, body.uploadIds), (count) => `queued ${files(count)} again`)
    case 'clearQueue':
      return resultOf(clearUploads(queue, 'clearedByOperator'), (count) => `cleared ${files(count)}`)
    case 'holdUploads':
      return resultOf(nothing, () =>
        holdUploads(queue, 'operator') ? 'uploads are on hold' : 'uploads were on hold already',
      )
    case 'unblockUpload':
      return resultOf(unblockUpload(queue, body.uploadId, body.reason), (count) =>
        count === 0
          ? 'the clip is not blocked'
          : 'offered the clip once more; a pause that still covers it blocks it again',
      )
    case 'releaseUploads': {
      const ended = endHold(queue, 'operator')
      const released = releaseHeld(queue, body.uploadIds ?? [])
      return resultOf(
        released,
        (count) => `${ended ? 'ended the hold' : 'there was no hold to end'}, released ${files(count)}`,
      )
    }
  }
}

async function assignProject(
  { queue, authorization, random, stop }: CommandOptions,
  order: CommandOrder,
  body: Extract<CommandBody, { kind: 'assignProject' }>,
  onProgress: (progress: CommandProgress) => void,
  signal: AbortSignal,
): Promise<FinalOutcome> {
  if (readUploadLink(queue)?.isOurs === false) {
    const message = 'uploads of this device go to another destination; its project is assigned there'
    return finishExecution(queue, order, { state: 'rejected', errorCode: 'ASSIGNED_AT_DESTINATION', message })
  }
  const givesUpAt = performance.now() + assignPatienceMs
  for (let tries = 1; ; tries++) {
    onProgress({ step: 'reading the project from the destination', percent: null })
    const confirmation = await authorization.confirm()
    const link = readUploadLink(queue)
    const isThere =
      confirmation.kind === 'confirmed' &&
      link !== null &&
      link.projectEpoch >= body.projectEpoch &&
      link.fence === 'open'
    if (isThere) {
      const receipt = newestReceipt(queue, link.projectEpoch)
      const fileCount = receipt?.clearedCount ?? 0
      const summary = `cleared ${files(fileCount)} of the former project, now in ${link.project?.name ?? 'no project'}`
      const result = {
        fileCount,
        byteCount: receipt?.clearedBytes ?? 0,
        idsXxh64: receipt?.idsXxh64 ?? null,
        summary: summary.slice(0, 300),
      }
      return finishExecution(queue, order, { state: 'succeeded', result })
    }
    if (confirmation.kind === 'lost' || confirmation.kind === 'notPaired') {
      return finishExecution(queue, order, {
        state: 'failed',
        errorCode: 'AUTHORIZATION_LOST',
        message: 'the destination no longer accepts this device; pair it again',
      })
    }
    if (performance.now() >= givesUpAt || stop.aborted || signal.aborted) {
      const message =
        confirmation.kind === 'failed' ? confirmation.message : 'the destination does not name the new project yet'
      // Stopped half-way: nothing is recorded, so that the order is carried out when it is delivered again.
      if (stop.aborted) return { state: 'failed', errorCode: 'AGENT_STOPPED', message: 'the agent was stopped' }
      return finishExecution(queue, order, { state: 'failed', errorCode: 'PROJECT_NOT_CONFIRMED', message })
    }
    await sleep(500 + fullJitterMs(backoffBoundMs(tries), random()), AbortSignal.any([stop, signal]))
  }
}

const nothing: Touched = { ids: [], byteCount: 0, wereUnderWay: 0 }
const files = (count: number): string => `${count} ${count === 1 ? 'file' : 'files'}`

function resultOf({ ids, byteCount }: Touched, summary: (count: number) => string): CommandResult {
  return {
    fileCount: ids.length,
    byteCount,
    idsXxh64: ids.length === 0 ? null : hashText(digestText(ids)),
    summary: summary(ids.length),
  }
}
