import type { Metadata } from 'next'
import { ClipPage } from '@/clips/clip-page.tsx'

export const metadata: Metadata = { title: 'Clip' }

export default async function Page({ params }: { params: Promise<{ assetId: string }> }) {
  return <ClipPage assetId={(await params).assetId} />
}
