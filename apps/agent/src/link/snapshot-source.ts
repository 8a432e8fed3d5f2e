import { randomUUID } from 'node:crypto'
import type { AgentFrame } from '@rushes/protocol'
import type { LinkPort } from '../link-port.ts'
import { fitStatus } from './fit-status.ts'
import type { FrameSource } from './frame-source.ts'
import { takeFitting } from './page-snapshot.ts'

const maxUploadsPerPage = 100

type SnapshotState =
  | { kind: 'idle' }
  | { kind: 'due' }
  | {
      kind: 'paging'
      snapshotId: string
      lastSeq: number
      afterId: string | null
      uploadCount: number
      isDueAgain: boolean
    }

export type SnapshotSource = FrameSource & {
  /** Asks for a snapshot. One that is under way is finished first: asked for often, it would else never come to its end. */
  request(): void
  isUnderWay(): boolean
}

/** Tells the status and every upload, page by page as the socket takes them; only the place in the list is kept. */
export function createSnapshotSource(port: LinkPort): SnapshotSource {
  let state: SnapshotState = { kind: 'idle' }

  const begin = (): AgentFrame => {
    const snapshotId = randomUUID()
    // Read before anything else: what changes from here on is told after the snapshot under a later number.
    const lastSeq = port.includedSeq()
    state = { kind: 'paging', snapshotId, lastSeq, afterId: null, uploadCount: 0, isDueAgain: false }
    return { type: 'snapshotBegin', snapshotId, status: fitStatus(port.status()) }
  }

  const nextPage = (paging: Extract<SnapshotState, { kind: 'paging' }>): AgentFrame => {
    const { snapshotId, lastSeq, uploadCount } = paging
    const uploads = takeFitting(port.uploads(paging.afterId, maxUploadsPerPage), { maxCount: maxUploadsPerPage })
    const last = uploads.at(-1)
    if (last === undefined) {
      state = { kind: paging.isDueAgain ? 'due' : 'idle' }
      return { type: 'snapshotEnd', snapshotId, uploadCount, lastSeq }
    }
    state = { ...paging, afterId: last.id, uploadCount: uploadCount + uploads.length }
    return { type: 'snapshotUploads', snapshotId, uploads }
  }

  return {
    take: () => {
      switch (state.kind) {
        case 'idle':
          return null
        case 'due':
          return begin()
        case 'paging':
          return nextPage(state)
      }
    },
    dueAtMs: () => null,
    request: () => {
      state = state.kind === 'paging' ? { ...state, isDueAgain: true } : { kind: 'due' }
    },
    isUnderWay: () => state.kind !== 'idle',
  }
}
