import type { Metadata } from 'next'
import { CommandList } from '@/commands/command-list.tsx'

export const metadata: Metadata = { title: 'Commands' }

export default function CommandsPage() {
  return <CommandList />
}
