import { Age } from '@/ui/time.tsx'
import { lastSeenAt } from './last-seen.ts'

/** How long ago a device was heard of last. One that never connected may have called on its upload link all the same. */
export function SeenMark({ row }: { row: Parameters<typeof lastSeenAt>[0] }) {
  const seenAt = lastSeenAt(row)
  if (seenAt === null) return 'never heard'
  return (
    <>
      {row.presence.state === 'neverConnected' && 'last call '}
      <Age iso={seenAt} suffix="ago" />
    </>
  )
}
