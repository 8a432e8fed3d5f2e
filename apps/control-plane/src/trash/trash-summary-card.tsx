'use client'
import type { Retention, TrashSummary } from '@rushes/fleet'
import { useState } from 'react'
import { formatBytes, plural } from '@/format/bytes.ts'
import { useIsAdmin } from '@/shell/viewer.tsx'
import { Button, ButtonLink } from '@/ui/button.tsx'
import { Card, Fact, Facts, None } from '@/ui/card.tsx'
import { RetentionDialog } from './retention-dialog.tsx'

/** What the trash of a project holds, and how long the project keeps things. */
export function TrashSummaryCard({
  project,
  trash,
  retention,
}: {
  project: { id: string; name: string }
  trash: TrashSummary
  retention: Retention
}) {
  const isAdmin = useIsAdmin()
  const [isSetting, setSetting] = useState(false)
  const { clipCount, byteCount, removingCount } = trash
  return (
    <Card
      title="Trash and retention"
      actions={
        <ButtonLink size="sm" look="quiet" href={`/projects/${project.id}/trash`}>
          See trash
        </ButtonLink>
      }
    >
      <Facts>
        <Fact name="In the trash">
          {clipCount === 0 ? <None>empty</None> : `${plural(clipCount, 'clip')}, ${formatBytes(byteCount)}`}
        </Fact>
        {removingCount > 0 && <Fact name="Removing">{plural(removingCount, 'clip')}</Fact>}
        <Fact name="Trash kept">{plural(retention.trashDays, 'day')}</Fact>
        <Fact name="Clips kept">
          {retention.clipDays === null
            ? 'until moved to the trash'
            : `${plural(retention.clipDays, 'day')} after arrival`}
        </Fact>
      </Facts>
      {isAdmin && (
        <div className="px-4 pb-3">
          <Button size="sm" onClick={() => setSetting(true)}>
            Change…
          </Button>
        </div>
      )}
      <RetentionDialog project={project} retention={retention} open={isSetting} onOpenChange={setSetting} />
    </Card>
  )
}
