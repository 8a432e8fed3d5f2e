/** Bounds of one device's connection, in milliseconds and bytes. */

/** How often the gateway pings; agents are told, and expect it. */
export const pingEveryMs = 8_000
/** Nothing heard for this long: the device is gone, whatever TCP believes. With the tick below, at most 22 s after its last word. */
export const silentAfterMs = 20_000
/** How often each connection is looked at. */
export const tickEveryMs = 1_000

/** From the upgrade to the hello. */
export const helloWithinMs = 10_000
/** Malformed messages that a connection survives, less one. */
export const maxMalformedMessages = 5
/** What may wait in the socket's send buffer before the device counts as too slow to be told anything. */
export const maxBufferedBytes = 1_048_576
/** After the goodbye, how long the other side may take to close. */
export const closeWithinMs = 2_000
/** Uploads that one snapshot may name; beyond it nothing is marked as vanished. */
export const maxSnapshotUploads = 250_000

/** How often a device reports progress while somebody looks or a command is open, and otherwise. */
export const watchedReportEveryMs = 1_000
export const unwatchedReportEveryMs = 10_000
/** How long a device counts as busy with a command after the last that was heard of it. */
export const busyForMs = 60_000

/** A summary that changed in what an operator acts on is stored after this long at most, any other after the second. */
export const storeStatusWithinMs = 1_000
export const storeQuietStatusWithinMs = 30_000
