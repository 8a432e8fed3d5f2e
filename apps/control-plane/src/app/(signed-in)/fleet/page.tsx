import type { Metadata } from 'next'
import { Suspense } from 'react'
import { TableSkeleton } from '@/ui/data-table.tsx'
import { FleetScreen } from './fleet-screen.tsx'

export const metadata: Metadata = { title: 'Fleet' }

export default function FleetPage() {
  return (
    <Suspense fallback={<TableSkeleton />}>
      <FleetScreen />
    </Suspense>
  )
}
