import { homeOf, type StandingFacts } from '@rushes/upload-core'

/** How much of a device is home: by its report, less what the destination has found not to be sound. Null before its first report. */
export function homeOfRow({
  report,
  unsound,
}: {
  report: {
    status: NonNullable<StandingFacts['report']>['status'] & { bytes: { acknowledged: number; verified: number } }
  } | null
  unsound: StandingFacts['unsound'] & { reportedVerifiedBytes: number }
}): { homeCount: number; totalCount: number; homeBytes: number } | null {
  if (report === null) return null
  const { counts, destinationIsOurs, bytes } = report.status
  const homeBytes = (destinationIsOurs ? bytes.verified : bytes.acknowledged) - unsound.reportedVerifiedBytes
  return {
    ...homeOf(counts, { destinationIsOurs, unsoundCount: unsound.reportedVerifiedCount }),
    homeBytes: Math.max(0, homeBytes),
  }
}
