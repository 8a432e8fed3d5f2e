'use client'
import type { ProjectMove } from '@rushes/fleet'
import Link from 'next/link'
import { Card } from '@/ui/card.tsx'
import { Age } from '@/ui/time.tsx'

/** Devices that were moved in or out and have not confirmed: shown until each of them has. */
export function OutstandingMoves({ moves }: { moves: readonly ProjectMove[] }) {
  return (
    <Card title="Moves not confirmed yet">
      <ul className="divide-y divide-line">
        {moves.map((move) => (
          <li key={`${move.device.id} ${move.direction}`} className="flex flex-wrap items-center gap-x-3 px-4 py-2.5">
            <Link href={`/devices/${move.device.id}`} className="font-medium hover:underline">
              {move.device.name}
            </Link>
            <span className="text-ink-2">
              {move.direction === 'in' ? 'comes from' : 'goes to'} {move.other?.name ?? 'no project'}, by{' '}
              {move.assignedBy}
            </span>
            <span className="flex-1 text-right text-ink-2 max-md:text-left">
              {move.hasReadProject ? 'has heard of it, its receipt is outstanding' : 'has not heard of it'},{' '}
              <Age iso={move.assignedAt} />
            </span>
          </li>
        ))}
      </ul>
    </Card>
  )
}
