import type { assets } from '@rushes/db'
import type { UploadReport } from '@rushes/protocol'

/** One upload as its device last told of it. Ready for JSON; instants but `receivedAt` and `vanishedAt` are the device's. */
export type UploadRow = UploadReport & {
  receivedAt: string
  /** Since when the device no longer lists it: its queue was rebuilt or trimmed. What it was before stays visible. */
  vanishedAt: string | null
  /** By the destination's account, which the device does not know of: what is wrong with the stored bytes. Null: nothing is known to be. */
  mismatchBecause: typeof assets.$inferSelect.mismatchBecause
}
