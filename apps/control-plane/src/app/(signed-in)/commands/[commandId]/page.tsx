import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { z } from 'zod'
import { CommandPage } from '@/commands/command-page.tsx'

export const metadata: Metadata = { title: 'Command' }

export default async function Page({ params }: { params: Promise<{ commandId: string }> }) {
  const { commandId } = await params
  if (!z.uuid().safeParse(commandId).success) notFound()
  return <CommandPage commandId={commandId} />
}
