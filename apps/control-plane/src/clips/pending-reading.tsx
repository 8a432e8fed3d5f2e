import type { ClipReading } from '@rushes/fleet'
import { plural } from '@/format/bytes.ts'
import { Fact } from '@/ui/card.tsx'
import { Instant } from '@/ui/time.tsx'

/** A reading that waits, is under way, or failed. */
export function PendingReading({ reading, partCount }: { reading: ClipReading; partCount: number }) {
  const { pending } = reading
  if (pending === null) return null
  const { asked, partsRead, failed } = pending
  return (
    <Fact name="Reading">
      <span role="status">
        {partsRead === null ? 'waiting for its turn' : `under way, ${partsRead} of ${plural(partCount, 'part')} read`}
      </span>
      {asked !== null && (
        <span className="block text-sm text-ink-2">
          asked for by {asked.by}, <Instant iso={asked.at} />
        </span>
      )}
      {failed !== null && (
        <span className="block text-sm text-bad">
          {failed.error} ({plural(failed.attempts, 'try', 'tries')})
          {failed.nextAt !== null && (
            <>
              , again at <Instant iso={failed.nextAt} />
            </>
          )}
        </span>
      )}
    </Fact>
  )
}
