/** How long a device waits between polls. Short: whoever approves stands beside the device and looks at it. */
export const pollIntervalSeconds = 2
/** Added to the interval of a device that polls too fast (RFC 8628 §3.5). */
export const slowDownSeconds = 5
/** Polls come a little early when the network is quicker than it was the last time. */
export const pollToleranceMs = 500
/**
 * After the approval, how long a device may still fetch its tokens, also again after a lost reply. A radio link may be down
 * for minutes; the device code is known to that device alone.
 */
export const redeemWindowMs = 3_600_000
/** Requests waiting for a person, per address. */
export const maxPendingPerAddress = 30
/** Wrong codes per person or address within the window; past it, the right code is refused as well. */
export const maxWrongCodes = 10
export const wrongCodeWindowMs = 15 * 60_000
/** Requests that nobody answered, and wrong codes, are kept this long. */
export const staleAfterMs = 86_400_000
