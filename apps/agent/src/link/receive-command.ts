import { type CommandBody, commandBody, commandKinds, type GatewayFrame } from '@rushes/protocol'

/** A command as it came over the wire, its expiry told by the link clock. */
export type ReceivedCommand = {
  executionId: string
  commandId: string
  kind: string
  /** Null: not to be understood by this version. */
  body: CommandBody | null
  /** Its kind is known and its fields are not as they should be. */
  isMalformed: boolean
  expiresAtMs: number | null
}

const knownKinds: ReadonlySet<string> = new Set(commandKinds)

/** Reads a command frame. `serverAheadMs`: the server's wall clock minus the link clock, as the welcome showed it. */
export function receiveCommand(
  frame: Extract<GatewayFrame, { type: 'command' }>,
  serverAheadMs: number,
): ReceivedCommand {
  const { executionId, commandId, expiresAt } = frame
  const parsed = commandBody.safeParse(frame.body)
  return {
    executionId,
    commandId,
    kind: frame.body.kind,
    body: parsed.success ? parsed.data : null,
    isMalformed: !parsed.success && knownKinds.has(frame.body.kind),
    expiresAtMs: expiresAt === null ? null : Date.parse(expiresAt) - serverAheadMs,
  }
}
