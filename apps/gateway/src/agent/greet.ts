import { openConnection } from '@rushes/fleet'
import { type AgentFrame, protocolVersion } from '@rushes/protocol'
import { pingEveryMs } from './limits.ts'
import { persistently } from './persistently.ts'
import type { AgentSession } from './session.ts'

/** Answers the hello: the device's connection is recorded, an older one is superseded, and the device hears where to go on. */
export async function greet(session: AgentSession, hello: Extract<AgentFrame, { type: 'hello' }>): Promise<void> {
  const { deviceId, deps, remoteAddress } = session
  const { agentVersion, bootId, hostname, platform, outboxId } = hello
  const now = deps.now()
  const opened = await persistently(session, 'openConnection', () =>
    openConnection(
      { db: deps.db, now },
      { deviceId, gatewayId: deps.gatewayId, remoteAddress, agentVersion, bootId, hostname, platform, outboxId },
    ),
  )
  if (opened.kind === 'deviceGone') {
    session.end('revoked', 0)
    return
  }
  if (session.state.kind === 'ended') {
    // The socket closed while the connection was being recorded.
    deps.recordClosed({ epoch: opened.epoch, cause: session.endedBecause ?? 'lost' })
    return
  }
  const reportEveryMs = deps.reportEveryMs(deviceId)
  session.state = {
    kind: 'open',
    epoch: opened.epoch,
    outboxId,
    clockOffsetMs: new Date(hello.deviceTime).getTime() - now.getTime(),
    snapshot: null,
    snapshotSeq: 0,
    status: null,
    busyUntilMs: 0,
    toldCancelledIds: new Set(),
    toldReportEveryMs: reportEveryMs,
  }
  session.send({
    type: 'welcome',
    v: protocolVersion,
    gatewayId: deps.gatewayId,
    serverTime: deps.now().toISOString(),
    lastSeq: opened.lastSeq,
    reportEveryMs,
    pingEveryMs,
  })
  session.log.info({ epoch: opened.epoch, agentVersion, remoteAddress }, 'a device connected')
  deps.onOpened(session, { epoch: opened.epoch, supersededEpoch: opened.superseded?.epoch ?? null })
}
