import type { Metadata } from 'next'
import { redirect } from 'next/navigation'
import { viewer } from '@/server/session.ts'
import { ownPath } from '@/sign-in/own-path.ts'
import { SignInForm } from '@/sign-in/sign-in-form.tsx'
import { Threshold } from '@/sign-in/threshold.tsx'

export const metadata: Metadata = { title: 'Sign in' }

export default async function SignInPage({ searchParams }: { searchParams: Promise<{ next?: string | string[] }> }) {
  const next = ownPath((await searchParams).next)
  if ((await viewer()) !== null) redirect(next)
  return (
    <Threshold title="Sign in">
      <SignInForm next={next} />
    </Threshold>
  )
}
