/** How long two full scans lie apart. Where the system tells of changes a scan only catches what it missed. */
export function nextScanDelayMs(folder: {
  isPolled: boolean
  /** Something is unsettled, or was a moment ago. */
  isBusy: boolean
  lastScanTookMs: number
}): number {
  const leastMs = folder.isPolled && folder.isBusy ? 1_000 : 10_000
  // Neither a huge folder nor a slow disk may cost more than a small part of the machine.
  return Math.max(leastMs, folder.lastScanTookMs * (folder.isPolled ? 10 : 50))
}

/** A scan that something asks for waits until this long after the last one began. */
export function scanGapMs(lastScanTookMs: number): number {
  return Math.max(1_000, lastScanTookMs * 10)
}
/** An absent watch folder is looked for this often; that is one call. */
export const absentFolderLookMs = 1_000
/** A growing file is looked at no more often. */
export const minLookGapMs = 250
/** Whether a recorder has closed its file is asked this often; the file itself is not touched by that. */
export const closingLookMs = 50
/** How long a folder counts as busy after its last change. */
export const busyMs = 10_000
/** What could not be read, or not be told, is tried again after this long. */
export const tryAgainMs = 10_000
