import { clsx } from 'clsx'
import type { ReactNode } from 'react'

/** A titled section on its own ground. */
export function Card({
  title,
  actions,
  children,
  className,
}: {
  title: ReactNode
  actions?: ReactNode
  children: ReactNode
  className?: string
}) {
  return (
    <section className={clsx('rounded-lg border border-line bg-surface', className)}>
      <header className="flex min-h-11 items-center gap-2 border-b border-line px-4 py-1.5">
        <h2 className="flex-1 text-base font-semibold">{title}</h2>
        {actions}
      </header>
      {children}
    </section>
  )
}

/** Facts, name beside value. */
export function Facts({ children }: { children: ReactNode }) {
  return <dl className="grid grid-cols-[minmax(6.5rem,auto)_1fr] gap-x-4 gap-y-2 px-4 py-3">{children}</dl>
}

export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-ink-2">{name}</dt>
      <dd className="min-w-0 break-words">{children}</dd>
    </>
  )
}

/** Known to be absent; not the same as unknown or zero. */
export function None({ children = 'none' }: { children?: ReactNode }) {
  return <span className="text-ink-3">{children}</span>
}

/** Not known here. */
export function Unknown({ why }: { why: string }) {
  return (
    <span className="text-ink-3" title={why}>
      unknown
    </span>
  )
}
