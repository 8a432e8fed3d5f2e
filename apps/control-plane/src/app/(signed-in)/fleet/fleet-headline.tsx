'use client'
import type { FleetSummary } from '@rushes/fleet'
import { CircleCheck } from 'lucide-react'
import { useFleetRate } from '@/live/live-provider.tsx'
import { homeSentence } from '@/words/home-sentence.ts'

/** Is everything home? One sentence for the fleet. */
export function FleetHeadline({ summary }: { summary: FleetSummary | undefined }) {
  const rate = useFleetRate()
  if (summary === undefined)
    return (
      <div role="status" aria-label="Counting clips">
        <span className="skeleton block h-6 w-72" />
        <span className="skeleton mt-2 block h-4 w-52" />
      </div>
    )
  const { text, tone, details } = homeSentence(summary, rate)
  return (
    <div data-testid="home-sentence">
      <p className="flex items-center gap-2 text-lg font-medium">
        {tone === 'ok' && <CircleCheck aria-hidden className="size-5 shrink-0 text-ok" />}
        {text}
      </p>
      <p className="min-h-5 text-ink-2">{details.join(' · ')}</p>
    </div>
  )
}
