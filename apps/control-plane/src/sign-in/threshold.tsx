import type { ReactNode } from 'react'
import { Logo } from '@/shell/logo.tsx'

/** What people see before they are in. */
export function Threshold({ title, children }: { title: string; children: ReactNode }) {
  return (
    <main className="flex min-h-dvh flex-col items-center px-4 pt-[18vh] pb-10">
      <div className="w-full max-w-sm">
        <p className="mb-6 flex items-center gap-2 text-lg font-semibold tracking-tight">
          <Logo />
          Rushes
        </p>
        <div className="rounded-lg border border-line bg-surface p-6 shadow-raised">
          <h1 className="mb-4 text-xl font-semibold tracking-tight">{title}</h1>
          {children}
        </div>
      </div>
    </main>
  )
}
