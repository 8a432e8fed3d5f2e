'use client'
import { type UploadState, uploadStates } from '@rushes/protocol'
import { useQuery } from '@tanstack/react-query'
import { clsx } from 'clsx'
import { X } from 'lucide-react'
import { useApi } from '@/api-client/api-provider.tsx'
import { formatCount } from '@/format/bytes.ts'
import { Button } from '@/ui/button.tsx'
import { type Choice, SelectField } from '@/ui/field.tsx'
import { SearchBox } from '@/ui/search-box.tsx'
import { type CustodyState, custodyWords } from '@/words/custody-words.ts'
import { toneText } from '@/words/tone.ts'
import type { UploadFilterState } from './use-upload-filter.ts'
import { wordsForClip } from './words-for-clip.ts'

type Counts = Partial<Record<UploadState, number>>

/** Search, project, device and custody, then a chip for each state that there is. */
export function UploadFilters({ filter, counts }: { filter: UploadFilterState; counts: Counts | undefined }) {
  const { address, setAddress } = filter
  return (
    <div className="flex flex-col gap-3 pb-3">
      <div className="flex flex-wrap items-center gap-2">
        <SearchBox label="Search clips" value={address.q} onChange={(q) => void setAddress({ q: q || null })} />
        <ProjectFilter value={address.project} onChange={(project) => void setAddress({ project: project || null })} />
        <DeviceFilter value={address.device} onChange={(device) => void setAddress({ device: device || null })} />
        <CustodyFilter value={address.custody} onChange={(custody) => void setAddress({ custody })} />
        {filter.isNarrowed && (
          <Button look="quiet" onClick={filter.clear}>
            <X aria-hidden />
            Clear filters
          </Button>
        )}
      </div>
      <StateChips
        counts={counts}
        // What has arrived needs nobody's attention unless its bytes differ.
        custody={filter.isAttention ? 'mismatch' : address.custody}
        chosen={address.state}
        onChange={(state) => void setAddress({ state: state.length === 0 ? null : state })}
      />
    </div>
  )
}

function StateChips({
  counts,
  custody,
  chosen,
  onChange,
}: {
  counts: Counts | undefined
  /** Of all clips that are listed; null where they differ in it. */
  custody: CustodyState | null
  chosen: readonly UploadState[]
  onChange: (states: UploadState[]) => void
}) {
  const shown = uploadStates.filter((state) => (counts?.[state] ?? 0) > 0 || chosen.includes(state))
  const total = Object.values(counts ?? {}).reduce((sum, count) => sum + count, 0)
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would wrap the scrolling row in a box of its own
    <div
      role="group"
      aria-label="State"
      className="-mx-4 flex min-h-8 gap-1.5 overflow-x-auto px-4 py-0.5 md:mx-0 md:flex-wrap md:px-0"
    >
      {counts === undefined ? (
        ['a', 'b', 'c', 'd'].map((key) => <span key={key} className="skeleton h-7 w-24 shrink-0" />)
      ) : (
        <>
          <Chip isOn={chosen.length === 0} onClick={() => onChange([])}>
            All <Figure count={total} />
          </Chip>
          {shown.map((state) => {
            const { icon: Icon, label, tone } = wordsForClip({ state, reason: null, custody })
            const isOn = chosen.includes(state)
            return (
              <Chip
                key={state}
                isOn={isOn}
                onClick={() => onChange(isOn ? chosen.filter((one) => one !== state) : [...chosen, state])}
              >
                <Icon aria-hidden className={clsx('size-3.5', toneText[tone])} />
                {label} <Figure count={counts[state] ?? 0} />
              </Chip>
            )
          })}
        </>
      )}
    </div>
  )
}

function Chip({ isOn, onClick, children }: { isOn: boolean; onClick: () => void; children: React.ReactNode }) {
  return (
    <button
      type="button"
      aria-pressed={isOn}
      onClick={onClick}
      className={clsx(
        'inline-flex h-7 shrink-0 items-center gap-1.5 rounded-full border px-2.5 text-sm font-medium whitespace-nowrap max-md:h-9',
        isOn ? 'border-accent bg-accent-soft text-ink' : 'border-line-strong bg-surface text-ink-2 hover:text-ink',
      )}
    >
      {children}
    </button>
  )
}

const Figure = ({ count }: { count: number }) => <span className="text-ink-2">{formatCount(count)}</span>

type FilterProps = { value: string; onChange: (value: string) => void }

function ProjectFilter({ value, onChange }: FilterProps) {
  const projects = useQuery(useApi().projects.list.queryOptions({ includeArchived: true }))
  const choices = (projects.data ?? []).map((project) => ({ value: project.id, label: project.name }))
  return (
    <Picker
      label="Project"
      all="All projects"
      value={value}
      onChange={onChange}
      choices={choices}
      isKnown={projects.isSuccess}
    />
  )
}

function DeviceFilter({ value, onChange }: FilterProps) {
  const api = useApi()
  const devices = useQuery(api.fleet.list.queryOptions({ sort: 'name', limit: 200 }))
  const listed = (devices.data?.rows ?? []).map((row) => ({ value: row.deviceId, label: row.name }))
  // A link may name a device that is beyond the first ones of a large fleet.
  const isListed = value === '' || listed.some((choice) => choice.value === value)
  const other = useQuery(
    api.devices.get.queryOptions({ deviceId: value }, { enabled: devices.isSuccess && !isListed, retry: false }),
  )
  const named = other.data === undefined ? [] : [{ value, label: other.data.row.name }]
  return (
    <Picker
      label="Device"
      all={devices.data?.next != null ? 'All devices (the first 200 are listed)' : 'All devices'}
      value={value}
      onChange={onChange}
      choices={[...named, ...listed]}
      isKnown={devices.isSuccess && !other.isLoading}
    />
  )
}

function CustodyFilter({
  value,
  onChange,
}: {
  value: CustodyState | null
  onChange: (value: CustodyState | null) => void
}) {
  const states = Object.keys(custodyWords).filter((state): state is CustodyState => state in custodyWords)
  return (
    <Picker
      label="Custody"
      all="Any custody"
      value={value ?? ''}
      onChange={(chosen) => onChange(states.find((state) => state === chosen) ?? null)}
      choices={states.map((state) => ({ value: state, label: custodyWords[state].label }))}
      isKnown
    />
  )
}

function Picker({
  label,
  all,
  value,
  onChange,
  choices,
  isKnown,
}: FilterProps & { label: string; all: string; choices: Choice[]; isKnown: boolean }) {
  const isListed = value === '' || choices.some((choice) => choice.value === value)
  return (
    <SelectField
      label={label}
      isLabelHidden
      value={value}
      onChange={(event) => onChange(event.target.value)}
      className="w-44 max-md:w-[calc(50vw-1.25rem)]"
      choices={[
        { value: '', label: all },
        ...(isListed ? [] : [{ value, label: isKnown ? `Unknown ${label.toLowerCase()}` : 'Loading …' }]),
        ...choices,
      ]}
    />
  )
}
