import { clsx } from 'clsx'
import { CircleAlert, type LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { type Tone, toneSoft } from '@/words/tone.ts'

/** Nothing is here, and what comes next. */
export function EmptyState({
  icon: Icon,
  title,
  children,
  action,
}: {
  icon: LucideIcon
  title: string
  children: ReactNode
  action?: ReactNode
}) {
  return (
    <div className="flex flex-col items-center gap-2 rounded-lg border border-dashed border-line-strong px-6 py-14 text-center">
      <Icon aria-hidden className="size-6 text-ink-3" />
      <h2 className="text-lg font-semibold">{title}</h2>
      <p className="max-w-md text-ink-2">{children}</p>
      {action !== undefined && <div className="mt-3">{action}</div>}
    </div>
  )
}

/** Something a person should read before going on. */
export function Notice({
  tone,
  icon: Icon = CircleAlert,
  children,
}: {
  tone: Tone
  icon?: LucideIcon
  children: ReactNode
}) {
  return (
    <div className={clsx('flex items-start gap-2 rounded-md px-3 py-2 text-base', toneSoft[tone])}>
      <Icon aria-hidden className="mt-0.5 size-4 shrink-0" />
      <div className="min-w-0 flex-1 text-ink">{children}</div>
    </div>
  )
}
