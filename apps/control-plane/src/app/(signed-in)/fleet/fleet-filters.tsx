'use client'
import type { FleetSummary } from '@rushes/fleet'
import { type Standing, standings } from '@rushes/upload-core'
import { clsx } from 'clsx'
import { CircleDot, EyeOff, type LucideIcon, WifiOff } from 'lucide-react'
import { formatCount } from '@/format/bytes.ts'
import { standingWords } from '@/words/standing-words.ts'
import { type Tone, toneText } from '@/words/tone.ts'
import { type FleetView, isFiltered } from './fleet-view.ts'

type Change = (change: Partial<FleetView>) => void

/** How many devices stand how; each count filters the list to those it counts. */
export function FleetFilters({
  summary,
  view,
  onChange,
}: {
  summary: FleetSummary | undefined
  view: FleetView
  onChange: Change
}) {
  const countOf = (standing: Standing) => summary?.byStanding[standing] ?? 0
  const shown = standings.filter((standing) => countOf(standing) > 0 || view.is.includes(standing))
  const toggle = (standing: Standing) =>
    onChange({
      is: view.is.includes(standing) ? view.is.filter((other) => other !== standing) : [...view.is, standing],
    })
  const toggled = <Value,>(current: Value | null, value: Value) => (current === value ? null : value)
  return (
    <div className="flex gap-1.5 overflow-x-auto pb-1 max-md:-mx-4 max-md:px-4 md:flex-wrap">
      <Chip
        label="All"
        count={summary?.deviceCount ?? null}
        isOn={!isFiltered({ ...view, q: '', project: null })}
        onPress={() => onChange({ is: [], presence: null, sharing: null })}
      />
      <Divider />
      {shown.map((standing) => (
        <Chip
          key={standing}
          label={standingWords[standing].label}
          icon={standingWords[standing].icon}
          tone={standingWords[standing].tone}
          count={countOf(standing)}
          isOn={view.is.includes(standing)}
          onPress={() => toggle(standing)}
        />
      ))}
      <Divider />
      <Chip
        label="Online"
        icon={CircleDot}
        tone="ok"
        count={summary?.onlineCount ?? null}
        isOn={view.presence === 'online'}
        onPress={() => onChange({ presence: toggled(view.presence, 'online') })}
      />
      <Chip
        label="Offline"
        icon={WifiOff}
        tone="warn"
        count={summary?.offlineCount ?? null}
        isOn={view.presence === 'offline'}
        onPress={() => onChange({ presence: toggled(view.presence, 'offline') })}
      />
      {((summary?.sharingPausedCount ?? 0) > 0 || view.sharing !== null) && (
        <>
          <Divider />
          <Chip
            label="Sharing paused"
            icon={EyeOff}
            tone="share"
            count={summary?.sharingPausedCount ?? null}
            isOn={view.sharing === 'paused'}
            onPress={() => onChange({ sharing: toggled(view.sharing, 'paused') })}
          />
        </>
      )}
    </div>
  )
}

function Divider() {
  return <span aria-hidden className="mx-1 h-5 w-px shrink-0 self-center bg-line" />
}

function Chip({
  label,
  count,
  icon: Icon,
  tone = 'mute',
  isOn,
  onPress,
}: {
  label: string
  count: number | null
  icon?: LucideIcon
  tone?: Tone
  isOn: boolean
  onPress: () => void
}) {
  return (
    <button
      type="button"
      aria-pressed={isOn}
      onClick={onPress}
      className={clsx(
        'inline-flex h-7 shrink-0 items-center gap-1.5 rounded-full border px-2.5 text-sm whitespace-nowrap max-md:h-9',
        isOn
          ? 'border-accent bg-accent-soft text-ink'
          : 'border-line bg-surface text-ink-2 hover:border-line-strong hover:text-ink',
      )}
    >
      {Icon !== undefined && <Icon aria-hidden className={clsx('size-3.5', toneText[tone])} />}
      {label}
      <span className="font-medium text-ink">{count === null ? '–' : formatCount(count)}</span>
    </button>
  )
}
