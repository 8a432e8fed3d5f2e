/** What was looked at, in the order in which things depend on each other. */
export type CheckName =
  | 'stateFolder'
  | 'settings'
  | 'queue'
  | 'pairing'
  | 'agent'
  | 'watchFolder'
  | 'directoryWatches'
  | 'clock'
  | `${'destination' | 'gateway'}.${'address' | 'name' | 'connection' | 'proxy' | 'encryption' | 'answer'}`
  | 'destination.access'
  | 'gateway.link'

/** What was found. `advice` says what to do where something is wrong; null where all is well. Never holds a token or a signed address. */
export type Check = { check: CheckName; ok: boolean; message: string; advice: string | null }

export const well = (check: CheckName, message: string): Check => ({ check, ok: true, message, advice: null })

export const wrong = (check: CheckName, message: string, advice: string): Check => ({
  check,
  ok: false,
  message,
  advice,
})
