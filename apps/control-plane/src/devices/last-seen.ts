import type { LiveProgress } from '@rushes/api'
import type { FleetRow } from '@rushes/fleet'

/** When something was last heard of a device, on whichever link; null: never. */
export function lastSeenAt(
  row: Pick<FleetRow, 'presence' | 'report' | 'lastCallAt'> & { progress?: LiveProgress | null },
): string | null {
  const known = [
    row.report?.receivedAt ?? null,
    row.progress?.receivedAt ?? null,
    row.lastCallAt,
    row.presence.state === 'offline' ? row.presence.since : null,
  ]
  return known.reduce<string | null>(
    (latest, at) => (at !== null && (latest === null || at > latest) ? at : latest),
    null,
  )
}
