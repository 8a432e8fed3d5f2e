import { markVanishedUploads, storeStatus, storeUploads } from '@rushes/fleet'
import type { AgentFrame } from '@rushes/protocol'
import { maxSnapshotUploads } from './limits.ts'
import { persistently } from './persistently.ts'
import type { AgentSession, OpenState } from './session.ts'
import { StatusKeeper } from './status-keeper.ts'

type Frame<Type extends AgentFrame['type']> = Extract<AgentFrame, { type: Type }>

export async function beginSnapshot(
  session: AgentSession,
  state: OpenState,
  frame: Frame<'snapshotBegin'>,
): Promise<void> {
  const { deviceId, deps } = session
  const { status } = frame
  await persistently(session, 'storeStatus', () =>
    storeStatus({ db: deps.db }, { deviceId, outboxId: state.outboxId, status, clockOffsetMs: state.clockOffsetMs }),
  )
  state.status ??= new StatusKeeper(status, deps.monotonicMs())
  state.status.told(status)
  state.status.wasStored(status, deps.monotonicMs())
  state.snapshot = { id: frame.snapshotId, namedUploadIds: new Set() }
  deps.live.status(deviceId, status)
  deps.live.deviceChanged(deviceId)
}

export async function takeSnapshotUploads(
  session: AgentSession,
  state: OpenState,
  frame: Frame<'snapshotUploads'>,
): Promise<void> {
  const { deviceId, deps } = session
  if (state.snapshot?.id !== frame.snapshotId) return session.complain('uploads of another snapshot')
  const { uploads } = frame
  await persistently(session, 'storeUploads', () => storeUploads(deps.db, { deviceId, uploads }))
  const { namedUploadIds } = state.snapshot
  for (const upload of uploads) if (namedUploadIds.size < maxSnapshotUploads) namedUploadIds.add(upload.id)
  deps.live.uploadsChanged(
    deviceId,
    uploads.map((upload) => upload.id),
  )
}

export async function endSnapshot(session: AgentSession, state: OpenState, frame: Frame<'snapshotEnd'>): Promise<void> {
  const { deviceId, deps } = session
  if (state.snapshot?.id !== frame.snapshotId) return session.complain('the end of another snapshot')
  const { namedUploadIds } = state.snapshot
  state.snapshot = null
  state.snapshotSeq = frame.lastSeq
  if (namedUploadIds.size !== frame.uploadCount) {
    // Whatever the cause, an upload must not be called gone on such evidence.
    session.log.warn({ named: namedUploadIds.size, told: frame.uploadCount }, 'the snapshot is not whole')
    return
  }
  const { vanishedIds } = await persistently(session, 'markVanishedUploads', () =>
    markVanishedUploads({ db: deps.db }, { deviceId, namedUploadIds }),
  )
  if (vanishedIds.length > 0) deps.live.uploadsChanged(deviceId, vanishedIds)
  deps.bus.publish({ deviceIds: [deviceId] })
}
