/** What is known of when a file came into being; milliseconds since 1970 by the device's clock, null where unknown. */
export type CaptureEvidence = {
  /** When this agent first saw the file grow or appear in a folder that it was watching. */
  firstGrowthSeenAt: number | null
  /** Creation time inside the file (MP4/MOV `mvhd` and the like). */
  embeddedAt: number | null
  /** Birth time by the file system. */
  bornAt: number | null
  modifiedAt: number
}

export type CaptureTime = { at: number; source: 'firstGrowth' | 'embedded' | 'birth' | 'modified' }

/**
 * Chooses the start of capture: first growth seen, else the embedded time, else birth, else last modification; never later than the
 * last modification. What a file system or a recorder without a clock reports as 0 or less counts as unknown.
 */
export function chooseCaptureTime(evidence: CaptureEvidence): CaptureTime {
  const candidates: Array<[CaptureTime['source'], number | null]> = [
    ['firstGrowth', evidence.firstGrowthSeenAt],
    ['embedded', evidence.embeddedAt],
    ['birth', evidence.bornAt],
  ]
  for (const [source, at] of candidates) {
    if (at !== null && Number.isFinite(at) && at > 0) return { at: Math.min(at, evidence.modifiedAt), source }
  }
  return { at: evidence.modifiedAt, source: 'modified' }
}
