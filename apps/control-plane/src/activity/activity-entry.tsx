import type { ActivityEntry } from '@rushes/fleet'
import { ChevronRight } from 'lucide-react'
import Link from 'next/link'
import { Age, Instant } from '@/ui/time.tsx'
import { targetOf, wordsForAction } from './action-words.ts'
import { WhatChanged } from './what-changed.tsx'

const actorKinds: Record<ActivityEntry['actor']['kind'], string | null> = {
  person: null,
  device: 'device',
  commandLine: 'command line',
  system: 'Rushes itself',
}

/** One thing that happened: who did what to whom, why, when; what changed on request. */
export function ActivityItem({ entry }: { entry: ActivityEntry }) {
  const words = wordsForAction(entry.action)
  const target = targetOf(entry)
  const kind = actorKinds[entry.actor.kind]
  const Icon = words.icon
  const isOwnDoing = entry.actor.kind === 'device' && entry.actor.id === entry.target.id
  const isTakenOut = entry.action === 'device.assignProject' && entry.after?.projectId === null
  return (
    <li className="flex gap-3 px-4 py-3">
      <Icon aria-hidden className="mt-0.5 size-4 shrink-0 text-ink-2" />
      <div className="min-w-0 flex-1">
        <div className="flex flex-wrap items-baseline gap-x-4">
          <p className="min-w-0 flex-1 basis-64 [overflow-wrap:anywhere]">
            <span className="font-medium">{entry.actor.name}</span>
            {kind !== null && entry.actor.name.toLowerCase() !== kind.toLowerCase() && (
              <span className="text-ink-2"> ({kind})</span>
            )}{' '}
            {words.verb}{' '}
            {words.isWhole === true ? null : isOwnDoing ? (
              <span>itself</span>
            ) : target.href === null ? (
              <span className="font-medium">{target.text}</span>
            ) : (
              <Link href={target.href} className="font-medium hover:underline">
                {target.text}
              </Link>
            )}
            {words.after !== undefined && ` ${words.after}`}
            {isTakenOut ? (
              ' out of its project'
            ) : entry.project !== null && entry.target.kind !== 'project' ? (
              <span className={words.toProject === undefined ? 'text-ink-2' : ''}>
                {words.toProject === undefined ? ' · ' : ` ${words.toProject} `}
                <Link
                  href={`/projects/${entry.project.id}`}
                  className="underline decoration-line-strong underline-offset-2 hover:decoration-current"
                >
                  {entry.project.name}
                </Link>
              </span>
            ) : null}
          </p>
          <p className="text-sm whitespace-nowrap text-ink-2">
            <Instant iso={entry.at} /> · <Age iso={entry.at} suffix="ago" />
          </p>
        </div>
        {entry.reason !== null && <p className="text-ink-2">“{entry.reason}”</p>}
        {(hasFields(entry.before) || hasFields(entry.after)) && (
          <details className="group mt-1">
            <summary className="inline-flex list-none items-center gap-1 rounded-sm text-sm text-ink-2 hover:text-ink max-md:py-1.5 [&::-webkit-details-marker]:hidden">
              <ChevronRight aria-hidden className="size-3.5 transition-transform group-open:rotate-90" />
              What changed
            </summary>
            <div className="mt-1 rounded-md bg-sunken px-3 py-2">
              <p className="mb-1 text-sm text-ink-2">
                <code className="font-mono">{entry.action}</code>, entry {entry.id}
              </p>
              <WhatChanged before={entry.before} after={entry.after} />
            </div>
          </details>
        )}
      </div>
    </li>
  )
}

const hasFields = (values: Record<string, unknown> | null) => values !== null && Object.keys(values).length > 0
