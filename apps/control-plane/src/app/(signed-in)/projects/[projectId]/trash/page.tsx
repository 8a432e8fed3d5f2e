import type { Metadata } from 'next'
import { TrashScreen } from '@/trash/trash-screen.tsx'

export const metadata: Metadata = { title: 'Trash' }

export default async function Page({ params }: { params: Promise<{ projectId: string }> }) {
  return <TrashScreen projectId={(await params).projectId} />
}
