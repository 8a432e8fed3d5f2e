import type { Metadata } from 'next'
import { Suspense } from 'react'
import { DevicePage } from '@/device-page/device-page.tsx'
import { TableSkeleton } from '@/ui/data-table.tsx'

export const metadata: Metadata = { title: 'Device' }

export default async function Page({ params }: { params: Promise<{ deviceId: string }> }) {
  const { deviceId } = await params
  return (
    <Suspense fallback={<TableSkeleton />}>
      <DevicePage key={deviceId} deviceId={deviceId} />
    </Suspense>
  )
}
