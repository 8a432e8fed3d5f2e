import { recordExecutionUpdate, storeEvents } from '@rushes/fleet'
import type { AgentFrame, LifecycleEvent } from '@rushes/protocol'
import { greet } from './greet.ts'
import { busyForMs } from './limits.ts'
import { persistently } from './persistently.ts'
import type { AgentSession, OpenState } from './session.ts'
import { beginSnapshot, endSnapshot, takeSnapshotUploads } from './take-snapshot.ts'

/** Takes in one frame. Throws when the database stayed out of reach; then nothing of the frame was acknowledged. */
export async function handleFrame(session: AgentSession, frame: AgentFrame): Promise<void> {
  const { state } = session
  if (state.kind === 'ended') return
  if (frame.type === 'hello') {
    if (state.kind === 'greeting') return greet(session, frame)
    return session.complain('a second hello')
  }
  if (state.kind === 'greeting') return session.complain(`${frame.type} before hello`)

  switch (frame.type) {
    case 'snapshotBegin':
      return beginSnapshot(session, state, frame)
    case 'snapshotUploads':
      return takeSnapshotUploads(session, state, frame)
    case 'snapshotEnd':
      return endSnapshot(session, state, frame)
    case 'status':
      if (state.status === null) return session.complain('status before a snapshot')
      state.status.told(frame.status)
      session.deps.live.status(session.deviceId, frame.status)
      return
    case 'progress':
      // Conflated and lossy: it lives in memory, and in the browsers that look on.
      session.deps.live.progress(session.deviceId, frame)
      return
    case 'events':
      return takeEvents(session, state, frame.events)
    case 'execution':
      return takeExecution(session, state, frame)
  }
}

async function takeEvents(session: AgentSession, state: OpenState, events: LifecycleEvent[]): Promise<void> {
  const { deviceId, deps } = session
  const { outboxId, snapshotSeq } = state
  const outcome = await persistently(session, 'storeEvents', () =>
    storeEvents({ db: deps.db, now: deps.now() }, { deviceId, outboxId, events, snapshotSeq }),
  )
  if (outcome.kind === 'outboxUnknown') {
    session.complain('events before a snapshot')
    session.send({ type: 'sendSnapshot' })
    return
  }
  if (outcome.isGapped) session.log.warn({ lastSeq: outcome.lastSeq }, 'events are missing in between')
  session.send({ type: 'eventsStored', lastSeq: outcome.lastSeq })
  if (outcome.newCount === 0) return
  deps.live.uploadsChanged(deviceId, outcome.uploadIds)
  deps.live.eventsAdded(deviceId)
  deps.bus.publish({ deviceIds: [deviceId] })
}

async function takeExecution(
  session: AgentSession,
  state: OpenState,
  frame: Extract<AgentFrame, { type: 'execution' }>,
): Promise<void> {
  const { deviceId, deps } = session
  const { update } = frame
  const { executionId } = update
  const outcome = await persistently(session, 'recordExecutionUpdate', () =>
    recordExecutionUpdate({ db: deps.db, now: deps.now() }, { deviceId, update }),
  )
  if (outcome.kind === 'executionUnknown') {
    session.log.warn({ executionId }, 'the device speaks of a command that is not known here')
    session.send({ type: 'executionStored', executionId, state: 'unknown' })
    return
  }
  for (const effect of outcome.effects) {
    switch (effect) {
      case 'confirmOutcome':
        session.send({ type: 'executionStored', executionId, state: outcome.state })
        break
      case 'tellDeviceToCancel':
        session.send({ type: 'cancelCommand', executionId })
    }
  }
  if (!outcome.hasChanged) return
  state.busyUntilMs = deps.monotonicMs() + busyForMs
  deps.live.executionsChanged(deviceId)
  // The next of its lane may be due now.
  if (outcome.effects.includes('confirmOutcome')) deps.requestDelivery([deviceId])
}
