import type { UploadReport } from '@rushes/protocol'

/** One upload as its device last told of it. Ready for JSON; instants but `receivedAt` and `vanishedAt` are the device's. */
export type UploadRow = UploadReport & {
  receivedAt: string
  /** Since when the device no longer lists it: its queue was rebuilt or trimmed. What it was before stays visible. */
  vanishedAt: string | null
}
