import type { Metadata } from 'next'
import { ApiProvider } from '@/api-client/api-provider.tsx'
import { LinkScreen } from '@/sign-in/link-screen.tsx'

export const metadata: Metadata = { title: 'One-time link' }

export default function LinkPage() {
  return (
    <ApiProvider>
      <LinkScreen />
    </ApiProvider>
  )
}
