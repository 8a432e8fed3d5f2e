/** What an operator asked for, however many devices it goes to. Instants are milliseconds since 1970. */
export type CommandPhase =
  /** Written down with its devices, for somebody to look at; nothing is sent. */
  | { kind: 'draft' }
  | { kind: 'active'; activatedAtMs: number }
  /** Each of its executions is at its end. */
  | { kind: 'done'; activatedAtMs: number; finalizedAtMs: number }
  /** Called off. Nothing of it is given to a device any more; what a device had begun goes on. */
  | { kind: 'cancelled'; activatedAtMs: number | null; finalizedAtMs: number }
  /** Stopped by the server, because too much of it failed. */
  | { kind: 'aborted'; activatedAtMs: number; finalizedAtMs: number }

export type CommandEvent = 'activated' | 'calledOff' | 'settled' | 'limitPassed'

export type CommandTransition = { kind: 'moved'; state: CommandPhase } | { kind: 'unchanged' }

/** What an event makes of a command. The final states are never left. */
export function transitionCommand(
  state: CommandPhase,
  event: CommandEvent,
  { nowMs }: { nowMs: number },
): CommandTransition {
  switch (state.kind) {
    case 'draft':
      if (event === 'activated') return { kind: 'moved', state: { kind: 'active', activatedAtMs: nowMs } }
      if (event === 'calledOff') {
        return { kind: 'moved', state: { kind: 'cancelled', activatedAtMs: null, finalizedAtMs: nowMs } }
      }
      return { kind: 'unchanged' }
    case 'active': {
      if (event === 'activated') return { kind: 'unchanged' }
      const ended = { activatedAtMs: state.activatedAtMs, finalizedAtMs: nowMs }
      const kinds = { calledOff: 'cancelled', settled: 'done', limitPassed: 'aborted' } as const
      return { kind: 'moved', state: { kind: kinds[event], ...ended } }
    }
    case 'done':
    case 'cancelled':
    case 'aborted':
      return { kind: 'unchanged' }
  }
}
