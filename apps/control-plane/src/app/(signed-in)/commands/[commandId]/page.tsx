import type { Metadata } from 'next'
import { CommandPage } from '@/commands/command-page.tsx'

export const metadata: Metadata = { title: 'Command' }

export default async function Page({ params }: { params: Promise<{ commandId: string }> }) {
  return <CommandPage commandId={(await params).commandId} />
}
