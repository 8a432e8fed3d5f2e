import { type GatewayFrame, gatewayFrame } from '@rushes/protocol'

export type ParsedGatewayFrame =
  | { kind: 'frame'; frame: GatewayFrame }
  /** A type that this version has not heard of: a newer gateway may say more, and it is passed over. */
  | { kind: 'unknownType'; frameType: string }
  /** `problem` names the place of the fault and never repeats what was sent. */
  | { kind: 'malformed'; problem: string }

const knownTypes: ReadonlySet<string> = new Set(gatewayFrame.options.map((option) => option.shape.type.value))

/** Reads one message of the gateway. Never throws. */
export function parseGatewayFrame(text: string): ParsedGatewayFrame {
  let message: unknown
  try {
    message = JSON.parse(text)
  } catch {
    // What is wrong with it is of no use to anybody but the gateway's author.
    return { kind: 'malformed', problem: 'not JSON' }
  }
  const parsed = gatewayFrame.safeParse(message)
  if (parsed.success) return { kind: 'frame', frame: parsed.data }
  const frameType = typeOf(message)
  if (frameType !== null && !knownTypes.has(frameType))
    return { kind: 'unknownType', frameType: frameType.slice(0, 64) }
  const place = parsed.error.issues[0]?.path.join('.') ?? ''
  return { kind: 'malformed', problem: `${frameType ?? 'a frame without a type'}: invalid ${place}`.slice(0, 200) }
}

const typeOf = (message: unknown): string | null =>
  typeof message === 'object' && message !== null && 'type' in message && typeof message.type === 'string'
    ? message.type
    : null
