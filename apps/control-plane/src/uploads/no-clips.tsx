import { CircleCheck, SearchX, Upload } from 'lucide-react'
import { Button, ButtonLink } from '@/ui/button.tsx'
import { EmptyState } from '@/ui/notice.tsx'
import type { UploadFilterState } from './use-upload-filter.ts'

/** Nothing to show: because nothing matches, because nothing is wrong, or because nothing was captured yet. */
export function NoClips({ filter }: { filter: UploadFilterState }) {
  if (filter.isNarrowed)
    return (
      <EmptyState icon={SearchX} title="No clip matches" action={<Button onClick={filter.clear}>Clear filters</Button>}>
        Nothing that the devices have told of fits these filters.
      </EmptyState>
    )
  if (filter.isAttention)
    return (
      <EmptyState
        icon={CircleCheck}
        title="Nothing needs attention"
        action={<ButtonLink href="/uploads">See all clips</ButtonLink>}
      >
        No clip has failed, was refused, or is held or blocked, as far as the devices have told.
      </EmptyState>
    )
  return (
    <EmptyState icon={Upload} title="No clips yet" action={<ButtonLink href="/add-device">Add device</ButtonLink>}>
      Every clip of the fleet appears here as soon as its device sees it. Add a device and record something.
    </EmptyState>
  )
}
