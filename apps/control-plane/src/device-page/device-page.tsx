'use client'
import { clsx } from 'clsx'
import { parseAsStringLiteral, useQueryState } from 'nuqs'
import { TableSkeleton } from '@/ui/data-table.tsx'
import { FailureNotice, failureWords } from '@/ui/failure.tsx'
import { CommandsPanel } from './commands-panel.tsx'
import { DeviceAside } from './device-aside.tsx'
import { DeviceHead } from './device-head.tsx'
import { QueuePanel } from './queue-panel.tsx'
import { TimelinePanel } from './timeline-panel.tsx'
import { useDevicePage } from './use-device-page.ts'

const tabs = ['queue', 'commands', 'timeline'] as const
const tabLabels: Record<(typeof tabs)[number], string> = { queue: 'Queue', commands: 'Commands', timeline: 'Timeline' }

/** One device: how it stands, its queue, what was asked of it, what happened to it. */
export function DevicePage({ deviceId }: { deviceId: string }) {
  const { detail, live, row } = useDevicePage(deviceId)
  const [tab, setTab] = useQueryState(
    'tab',
    parseAsStringLiteral(tabs).withDefault('queue').withOptions({ history: 'push' }),
  )
  if (row === null) {
    if (detail.error === null) return <TableSkeleton rowCount={6} />
    const isGone = failureWords(detail.error).fault === 'deviceUnknown'
    return <FailureNotice error={detail.error} {...(isGone ? {} : { onRetry: () => void detail.refetch() })} />
  }
  const openCount = [...live.executions.values()].filter((execution) => execution.finalizedAt === null).length
  return (
    <>
      <DeviceHead row={row} />
      <div className="grid gap-5 xl:grid-cols-[minmax(0,1fr)_20rem]">
        <div className="min-w-0">
          <div role="tablist" aria-label="About this device" className="mb-3 flex gap-1 border-b border-line">
            {tabs.map((name) => (
              <button
                key={name}
                type="button"
                role="tab"
                id={`tab-${name}`}
                aria-controls={`panel-${name}`}
                aria-selected={tab === name}
                tabIndex={tab === name ? 0 : -1}
                onClick={() => void setTab(name)}
                onKeyDown={(event) => {
                  const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
                  const next = tabs[(tabs.indexOf(name) + step + tabs.length) % tabs.length]
                  if (step === 0 || next === undefined) return
                  event.preventDefault()
                  void setTab(next)
                  document.getElementById(`tab-${next}`)?.focus()
                }}
                className={clsx(
                  '-mb-px h-9 border-b-2 px-3 font-medium max-md:h-11',
                  tab === name ? 'border-accent text-ink' : 'border-transparent text-ink-2 hover:text-ink',
                )}
              >
                {tabLabels[name]}
                {name === 'commands' && openCount > 0 && (
                  <span className="ml-1.5 rounded-full bg-accent-soft px-1.5 text-sm text-accent">
                    {openCount}
                    <span className="sr-only"> open</span>
                  </span>
                )}
              </button>
            ))}
          </div>
          <div role="tabpanel" id={`panel-${tab}`} aria-labelledby={`tab-${tab}`}>
            {tab === 'queue' && <QueuePanel row={row} live={live} />}
            {tab === 'commands' && <CommandsPanel deviceId={deviceId} live={live} />}
            {tab === 'timeline' && <TimelinePanel deviceId={deviceId} />}
          </div>
        </div>
        <DeviceAside row={row} detail={detail.data ?? null} />
      </div>
    </>
  )
}
