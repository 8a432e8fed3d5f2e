import type { Metadata } from 'next'
import { Suspense } from 'react'
import { ActivityScreen } from '@/activity/activity-screen.tsx'
import { TableSkeleton } from '@/ui/data-table.tsx'

export const metadata: Metadata = { title: 'Activity' }

export default function ActivityPage() {
  return (
    <Suspense fallback={<TableSkeleton />}>
      <ActivityScreen />
    </Suspense>
  )
}
