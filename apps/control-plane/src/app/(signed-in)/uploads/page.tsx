import type { Metadata } from 'next'
import { Suspense } from 'react'
import { TableSkeleton } from '@/ui/data-table.tsx'
import { UploadsScreen } from '@/uploads/uploads-screen.tsx'

export const metadata: Metadata = { title: 'Uploads' }

export default function UploadsPage() {
  return (
    <Suspense fallback={<TableSkeleton />}>
      <UploadsScreen />
    </Suspense>
  )
}
