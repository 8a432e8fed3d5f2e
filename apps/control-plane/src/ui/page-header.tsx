import { ChevronRight } from 'lucide-react'
import Link from 'next/link'
import type { ReactNode } from 'react'

/** What this page is, where it lies, and what can be done with the whole of it. */
export function PageHeader({
  title,
  trail = [],
  marks,
  actions,
}: {
  title: ReactNode
  trail?: readonly { href: string; label: string }[]
  marks?: ReactNode
  actions?: ReactNode
}) {
  return (
    <header className="flex flex-wrap items-end gap-x-4 gap-y-3 pb-4">
      <div className="min-w-0 flex-1 basis-60">
        {trail.length > 0 && (
          <nav aria-label="Breadcrumb" className="mb-1 flex items-center gap-1 text-sm text-ink-2">
            {trail.map((step) => (
              <span key={step.href} className="flex items-center gap-1">
                <Link href={step.href} className="rounded-sm hover:text-ink hover:underline">
                  {step.label}
                </Link>
                <ChevronRight aria-hidden className="size-3.5 text-ink-3" />
              </span>
            ))}
          </nav>
        )}
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
          <h1 className="min-w-0 text-xl font-semibold tracking-tight [overflow-wrap:anywhere]">{title}</h1>
          {marks}
        </div>
      </div>
      {actions !== undefined && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
    </header>
  )
}
