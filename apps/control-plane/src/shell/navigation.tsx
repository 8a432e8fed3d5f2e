'use client'
import { useQuery } from '@tanstack/react-query'
import { clsx } from 'clsx'
import { Ellipsis, Plus } from 'lucide-react'
import Link from 'next/link'
import { usePathname, useSearchParams } from 'next/navigation'
import { useApi } from '@/api-client/api-provider.tsx'
import { useRefreshOnChange } from '@/live/live-provider.tsx'
import { ButtonLink } from '@/ui/button.tsx'
import { Menu, MenuLink } from '@/ui/menu.tsx'
import { LiveMark } from './live-mark.tsx'
import { Logo } from './logo.tsx'
import { PersonMenu } from './person-menu.tsx'
import { type Section, sectionOf, sections } from './sections.ts'
import { useConditions } from './use-conditions.ts'
import { useMayOperate } from './viewer.tsx'

/** How many clips, and what else, need a person, shown beside its section. */
function useAttentionCount(): number | null {
  const api = useApi()
  // What its page lists, so that the two never disagree.
  const counted = api.uploads.counts.queryOptions({ filter: { needsAttention: true } }, { refetchInterval: 30_000 })
  const counts = useQuery(counted)
  const conditions = useConditions()
  useRefreshOnChange([counted.queryKey], 10_000)
  if (counts.data === undefined) return null
  return Object.values(counts.data).reduce((sum, count) => sum + count, conditions?.length ?? 0)
}

export function SideBar() {
  const current = sectionOf(usePathname(), useSearchParams())
  const attentionCount = useAttentionCount()
  const mayOperate = useMayOperate()
  return (
    <aside className="sticky top-0 flex h-dvh w-56 shrink-0 flex-col border-r border-line bg-surface px-3 py-3 max-md:hidden">
      <Link
        href="/fleet"
        className="mb-3 flex h-8 items-center gap-2 rounded-md px-2 text-lg font-semibold tracking-tight"
      >
        <Logo />
        Rushes
      </Link>
      {mayOperate && (
        <ButtonLink href="/add-device" look="primary" className="mb-3 justify-start">
          <Plus aria-hidden />
          Add device
        </ButtonLink>
      )}
      <nav aria-label="Sections" className="flex flex-col gap-0.5">
        {sections.map((section) => (
          <SideLink
            key={section.href}
            section={section}
            isCurrent={section.href === current}
            count={section.href === '/uploads?show=attention' ? attentionCount : null}
          />
        ))}
      </nav>
      <div className="mt-auto flex flex-col gap-1">
        <LiveMark />
        <PersonMenu />
      </div>
    </aside>
  )
}

function SideLink({ section, isCurrent, count }: { section: Section; isCurrent: boolean; count: number | null }) {
  const Icon = section.icon
  return (
    <Link
      href={section.href}
      aria-current={isCurrent ? 'page' : undefined}
      className={clsx(
        'flex h-8 items-center gap-2.5 rounded-md px-2 text-base',
        isCurrent ? 'bg-sunken font-medium text-ink' : 'text-ink-2 hover:bg-hover hover:text-ink',
      )}
    >
      <Icon aria-hidden className="size-4 shrink-0" />
      <span className="flex-1">{section.label}</span>
      {count !== null && count > 0 && (
        <span className="rounded-full bg-bad-soft px-1.5 text-sm font-medium text-bad">
          {count}
          <span className="sr-only"> in need of a person</span>
        </span>
      )}
    </Link>
  )
}

/** On a phone: the places that one needs with a thumb, at the lower edge. */
export function TabBar() {
  const current = sectionOf(usePathname(), useSearchParams())
  const mayOperate = useMayOperate()
  const attentionCount = useAttentionCount()
  const [fleet, uploads, attention, projects, ...more] = sections
  if (fleet === undefined || uploads === undefined || attention === undefined || projects === undefined) return null
  return (
    <nav
      aria-label="Sections"
      className="fixed inset-x-0 bottom-0 z-30 flex border-t border-line bg-surface pb-[env(safe-area-inset-bottom)] md:hidden"
    >
      {[fleet, uploads].map((section) => (
        <Tab key={section.href} section={section} isCurrent={section.href === current} />
      ))}
      {mayOperate && (
        <Tab section={{ href: '/add-device', label: 'Add device', icon: Plus, key: '' }} isCurrent={false} />
      )}
      <Tab section={projects} isCurrent={projects.href === current} />
      <Menu
        trigger={
          <button type="button" className={tabClass(false)}>
            <span className="relative">
              <Ellipsis aria-hidden className="size-5" />
              {attentionCount !== null && attentionCount > 0 && (
                <span className="absolute -top-1 left-3.5 rounded-full bg-bad-soft px-1.5 text-bad">
                  {attentionCount}
                  <span className="sr-only"> in need of a person, </span>
                </span>
              )}
            </span>
            More
          </button>
        }
      >
        {[attention, ...more].map((section) => (
          <MenuLink key={section.href} href={section.href}>
            <section.icon aria-hidden />
            {section.label}
            {section === attention && attentionCount !== null && attentionCount > 0 && ` (${attentionCount})`}
          </MenuLink>
        ))}
      </Menu>
    </nav>
  )
}

const tabClass = (isCurrent: boolean) =>
  clsx(
    'flex h-14 min-w-0 flex-1 flex-col items-center justify-center gap-0.5 text-xs font-medium',
    isCurrent ? 'text-accent' : 'text-ink-2',
  )

function Tab({ section, isCurrent }: { section: Section; isCurrent: boolean }) {
  const Icon = section.icon
  return (
    <Link href={section.href} aria-current={isCurrent ? 'page' : undefined} className={tabClass(isCurrent)}>
      <Icon aria-hidden className="size-5" />
      <span className="truncate">{section.label}</span>
    </Link>
  )
}

/** On a phone, above the page. */
export function TopBar() {
  return (
    <header className="flex h-12 items-center justify-between border-b border-line bg-surface px-4 md:hidden">
      <Link href="/fleet" className="flex items-center gap-2 text-lg font-semibold tracking-tight">
        <Logo />
        Rushes
      </Link>
      <div className="flex items-center gap-1">
        <LiveMark />
        <PersonMenu isCompact />
      </div>
    </header>
  )
}
