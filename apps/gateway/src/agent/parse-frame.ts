import { type AgentFrame, agentFrame } from '@rushes/protocol'

export type ParsedFrame =
  | { kind: 'frame'; frame: AgentFrame }
  /** Well formed, but of a type that this version does not know: a newer agent may speak so. */
  | { kind: 'unknownType'; type: string }
  | { kind: 'malformed'; detail: string }

const knownTypes: ReadonlySet<string> = new Set(agentFrame.options.map((option) => option.shape.type.value))

/** Reads one message of an agent. Never throws. */
export function parseAgentFrame(data: Buffer, isBinary: boolean): ParsedFrame {
  if (isBinary) return { kind: 'malformed', detail: 'a binary message' }
  let json: unknown
  try {
    json = JSON.parse(data.toString('utf8'))
  } catch {
    return { kind: 'malformed', detail: 'not JSON' }
  }
  const parsed = agentFrame.safeParse(json)
  if (parsed.success) return { kind: 'frame', frame: parsed.data }
  const type = typeof json === 'object' && json !== null && 'type' in json ? json.type : undefined
  if (typeof type === 'string' && type !== '' && !knownTypes.has(type)) {
    return { kind: 'unknownType', type: type.slice(0, 64) }
  }
  const [issue] = parsed.error.issues
  return { kind: 'malformed', detail: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`.slice(0, 200) }
}
