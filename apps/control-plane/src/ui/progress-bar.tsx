import { clsx } from 'clsx'
import { formatPercent } from '@/format/bytes.ts'

/** How far something is: verified, then acknowledged, then under way. The figures stand beside it, so colour is not needed to read it. */
export function ProgressBar({
  label,
  total,
  acknowledged,
  verified = 0,
  inFlight = 0,
  className,
}: {
  label: string
  total: number
  acknowledged: number
  verified?: number
  inFlight?: number
  className?: string
}) {
  const share = (value: number) => (total <= 0 ? 0 : Math.min(100, Math.max(0, (value / total) * 100)))
  const safe = share(Math.min(verified, acknowledged))
  const arrived = share(acknowledged)
  const moving = share(acknowledged + inFlight)
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.floor(arrived)}
      aria-valuetext={formatPercent(acknowledged, total)}
      className={clsx('relative h-1 w-full overflow-hidden rounded-full bg-sunken', className)}
    >
      <div
        className="absolute inset-y-0 left-0 rounded-full bg-accent opacity-35 transition-[width] duration-300"
        style={{ width: `${moving}%` }}
      />
      <div
        className="absolute inset-y-0 left-0 rounded-full bg-accent transition-[width] duration-300"
        style={{ width: `${arrived}%` }}
      />
      <div
        className="absolute inset-y-0 left-0 rounded-full bg-ok transition-[width] duration-300"
        style={{ width: `${safe}%` }}
      />
    </div>
  )
}
