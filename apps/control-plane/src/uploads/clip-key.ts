import type { ClipRow } from '@rushes/fleet'

/** Names a row among all clips of the fleet, across reloads. */
export const clipKey = (row: ClipRow) => `${row.deviceId} ${row.uploadId ?? row.assetId ?? ''}`

/** Where one sees more of a clip: its own page once the destination has it, else its device's. */
export const clipHref = (row: ClipRow) => (row.assetId === null ? `/devices/${row.deviceId}` : `/clips/${row.assetId}`)
