'use client'
import type { ManifestCounts } from '@rushes/fleet'
import { useQuery } from '@tanstack/react-query'
import { Download } from 'lucide-react'
import { useState } from 'react'
import { useApi } from '@/api-client/api-provider.tsx'
import { plural } from '@/format/bytes.ts'
import { buttonClass } from '@/ui/button.tsx'
import { Dialog } from '@/ui/dialog.tsx'
import { FailureNotice } from '@/ui/failure.tsx'
import { SelectField } from '@/ui/field.tsx'

/** Says what an ASC MHL manifest of a project would list and what not, for all its days or one, and gives it to download. */
export function ManifestDialog({
  project,
  device = null,
  open,
  onOpenChange,
}: {
  project: { id: string; name: string }
  /** Only the clips of this device. */
  device?: { id: string; name: string } | null
  open: boolean
  onOpenChange: (open: boolean) => void
}) {
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title={device === null ? `Manifest of ${project.name}` : `Manifest of ${device.name}`}
      description={
        device === null
          ? 'ASC MHL: every stored clip with the digest that was read back from the store.'
          : `ASC MHL: every clip of it stored in ${project.name}, with the digest that was read back from the store.`
      }
    >
      {open && <Choice projectId={project.id} deviceId={device?.id ?? null} onDone={() => onOpenChange(false)} />}
    </Dialog>
  )
}

function Choice({ projectId, deviceId, onDone }: { projectId: string; deviceId: string | null; onDone: () => void }) {
  const [day, setDay] = useState('')
  const preview = useQuery(
    useApi().projects.manifestPreview.queryOptions(
      { projectId, deviceId, day: day === '' ? null : day },
      { placeholderData: (before) => before },
    ),
  )
  if (preview.isError) return <FailureNotice error={preview.error} onRetry={() => void preview.refetch()} />
  const days = preview.data?.days ?? []
  const counts = preview.data?.counts ?? null
  const listedCount = counts === null ? 0 : counts.verified + counts.sizeChecked
  const query = new URLSearchParams({
    ...(day === '' ? {} : { day }),
    ...(deviceId === null ? {} : { device: deviceId }),
  }).toString()
  return (
    <div className="flex flex-col gap-4">
      <SelectField
        label="Day"
        hint="The day that names the clips’ folder."
        value={day}
        onChange={(event) => setDay(event.target.value)}
        choices={[{ value: '', label: 'All days' }, ...days.map((one) => ({ value: one, label: one }))]}
      />
      {counts === null ? (
        <div role="status" aria-label="Loading" className="skeleton h-16" />
      ) : (
        <Counts counts={counts} />
      )}
      {listedCount > 0 && !preview.isPlaceholderData ? (
        <a
          href={`/api/projects/${projectId}/manifest${query === '' ? '' : `?${query}`}`}
          download
          onClick={onDone}
          className={buttonClass('primary')}
        >
          <Download aria-hidden />
          Download manifest of {plural(listedCount, 'clip')}
        </a>
      ) : (
        <p className="text-ink-2">
          {counts === null || preview.isPlaceholderData ? 'Counting …' : 'There is nothing to list yet.'}
        </p>
      )}
    </div>
  )
}

const listed: readonly [keyof ManifestCounts, string][] = [
  ['verified', 'verified: stored as the device sent them'],
  ['sizeChecked', 'size checked: as they were stored; their devices gave no digests'],
]

const leftOut: readonly [keyof ManifestCounts, string][] = [
  ['differing', 'whose stored bytes are not what they should be'],
  ['beingChecked', 'being checked just now'],
  ['notReadYet', 'not read back to the end yet; that comes by itself'],
  ['unfinished', 'still arriving'],
  ['failed', 'that failed to arrive'],
]

function Counts({ counts }: { counts: ManifestCounts }) {
  const missing = leftOut.filter(([name]) => counts[name] > 0)
  return (
    <div className="flex flex-col gap-3" aria-live="polite">
      <CountList title="Listed" counts={counts} lines={listed} />
      {missing.length === 0 ? (
        <p className="text-ink-2">No clip is left out.</p>
      ) : (
        <CountList title="Left out" counts={counts} lines={missing} />
      )}
    </div>
  )
}

function CountList({
  title,
  counts,
  lines,
}: {
  title: string
  counts: ManifestCounts
  lines: readonly [keyof ManifestCounts, string][]
}) {
  return (
    <section aria-label={title}>
      <h3 className="text-sm font-medium text-ink-2">{title}</h3>
      <ul>
        {lines.map(([name, words]) => (
          <li key={name} className="flex gap-2">
            <span className="w-12 shrink-0 text-right font-medium tabular-nums">{counts[name]}</span>
            <span>{words}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}
