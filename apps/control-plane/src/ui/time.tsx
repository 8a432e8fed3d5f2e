'use client'
import { formatAge, formatExact, formatInstant } from '@/format/time.ts'
import { useNowMs } from './use-now.ts'

/** How long ago an instant was, growing by itself; the exact instant on hover. */
export function Age({ iso, suffix }: { iso: string; suffix?: string }) {
  const nowMs = useNowMs()
  if (nowMs === null) return <span className="inline-block w-10" />
  const text = formatAge(nowMs - Date.parse(iso))
  return (
    <time dateTime={iso} title={formatExact(iso)} className="whitespace-nowrap">
      {suffix === undefined || text === 'now' ? text : `${text} ${suffix}`}
    </time>
  )
}

/** An instant on the viewer's clock; the exact one on hover. */
export function Instant({ iso }: { iso: string }) {
  const nowMs = useNowMs()
  if (nowMs === null) return <span className="inline-block w-16" />
  return (
    <time dateTime={iso} title={formatExact(iso)} className="whitespace-nowrap">
      {formatInstant(iso, nowMs)}
    </time>
  )
}
