import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { z } from 'zod'
import { ClipPage } from '@/clips/clip-page.tsx'

export const metadata: Metadata = { title: 'Clip' }

export default async function Page({ params }: { params: Promise<{ assetId: string }> }) {
  const { assetId } = await params
  if (!z.uuid().safeParse(assetId).success) notFound()
  return <ClipPage assetId={assetId} />
}
