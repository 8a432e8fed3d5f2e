import type { FleetDelta, LiveFleetRow } from '@rushes/api'

/** The fields of `after` that differ from `before`; null when none does. Without a `before`, all of them. */
export function rowDelta(before: LiveFleetRow | undefined, after: LiveFleetRow): FleetDelta | null {
  if (before === undefined) return after
  const changed = Object.entries(after).filter(
    ([key, value]) => JSON.stringify(value) !== JSON.stringify(fieldOf(before, key)),
  )
  if (changed.length === 0) return null
  return { deviceId: after.deviceId, ...Object.fromEntries(changed) }
}

/** Any value will do for a key that is not there: it differs from every one that is. */
const fieldOf = (row: object, key: string): unknown => Reflect.get(row, key)
