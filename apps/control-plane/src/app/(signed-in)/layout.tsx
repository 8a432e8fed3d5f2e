import { headers } from 'next/headers'
import type { ReactNode } from 'react'
import { requireViewer } from '@/server/session.ts'
import { Console } from '@/shell/console.tsx'

export default async function SignedInLayout({ children }: { children: ReactNode }) {
  const viewer = await requireViewer()
  const nonce = (await headers()).get('x-nonce') ?? ''
  return (
    <Console viewer={viewer} nonce={nonce}>
      {children}
    </Console>
  )
}
