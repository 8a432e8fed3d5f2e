'use client'
import type { ClipPart } from '@rushes/fleet'
import { useInfiniteQuery } from '@tanstack/react-query'
import { clsx } from 'clsx'
import { Check, CircleAlert } from 'lucide-react'
import { useState } from 'react'
import { useApi } from '@/api-client/api-provider.tsx'
import { formatBytes } from '@/format/bytes.ts'
import { Button } from '@/ui/button.tsx'
import { FailureNotice } from '@/ui/failure.tsx'
import { Instant } from '@/ui/time.tsx'

/** The parts with their three digests: as the device sent them, as they came in, as they were read back. */
export function PartsTable({ assetId, firstMismatchNumber }: { assetId: string; firstMismatchNumber: number | null }) {
  const api = useApi()
  const [onlyDiffering, setOnlyDiffering] = useState(false)
  const parts = useInfiniteQuery(
    api.clips.parts.infiniteQueryOptions(
      { assetId, onlyDiffering, limit: 50 },
      { getNextPageParam: (page) => page.nextAfterNumber },
    ),
  )
  const rows = (parts.data?.pages ?? []).flatMap((page) => page.parts)
  return (
    <div className="border-t border-line">
      {firstMismatchNumber !== null && (
        <label className="flex items-center gap-2 px-4 pt-3">
          <input
            type="checkbox"
            checked={onlyDiffering}
            onChange={(event) => setOnlyDiffering(event.target.checked)}
            className="size-4 accent-accent"
          />
          Only parts that differ
        </label>
      )}
      {parts.isError ? (
        <div className="p-4">
          <FailureNotice error={parts.error} onRetry={() => void parts.refetch()} />
        </div>
      ) : parts.isPending ? (
        <div role="status" aria-label="Loading parts" className="flex flex-col gap-2 p-4">
          <div className="skeleton h-4" />
          <div className="skeleton h-4 w-2/3" />
        </div>
      ) : rows.length === 0 ? (
        <p className="px-4 py-3 text-ink-2">{onlyDiffering ? 'No part differs.' : 'No part is registered yet.'}</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways must be reachable by keyboard
        <section className="overflow-x-auto" tabIndex={0} aria-label="Parts, scrolls sideways">
          <table aria-label="Parts" className="w-full text-left">
            <thead className="text-sm text-ink-2">
              <tr>
                <Head isFigure>Part</Head>
                <Head isFigure>Size</Head>
                <Head>Arrived</Head>
                <Head>Device</Head>
                <Head>Received</Head>
                <Head>Stored</Head>
                <Head>Result</Head>
              </tr>
            </thead>
            <tbody>
              {rows.map((part) => (
                <PartRow key={part.number} part={part} isFirstMismatch={part.number === firstMismatchNumber} />
              ))}
            </tbody>
          </table>
        </section>
      )}
      {parts.hasNextPage && (
        <div className="border-t border-line p-2 text-center">
          <Button look="quiet" disabled={parts.isFetchingNextPage} onClick={() => void parts.fetchNextPage()}>
            {parts.isFetchingNextPage ? 'Loading …' : 'More parts'}
          </Button>
        </div>
      )}
    </div>
  )
}

function Head({ children, isFigure = false }: { children: React.ReactNode; isFigure?: boolean }) {
  return (
    <th scope="col" className={clsx('px-3 py-2 font-medium whitespace-nowrap first:pl-4', isFigure && 'text-right')}>
      {children}
    </th>
  )
}

function PartRow({ part, isFirstMismatch }: { part: ClipPart; isFirstMismatch: boolean }) {
  const { deviceXxh64, receivedXxh64, storedXxh64 } = part
  // Without a digest of the device, what came in is all there is to compare with.
  const expectedXxh64 = deviceXxh64 ?? receivedXxh64
  const isCompared = expectedXxh64 !== null && storedXxh64 !== null
  const isDifferent = isFirstMismatch || (isCompared && expectedXxh64 !== storedXxh64)
  return (
    <tr className={clsx('border-t border-line', isDifferent && 'bg-bad-soft')}>
      <td className="px-3 py-1.5 pl-4 text-right">{part.number}</td>
      <td className="px-3 py-1.5 text-right whitespace-nowrap">{formatBytes(part.sizeBytes)}</td>
      <td className="px-3 py-1.5">
        {part.acknowledgedAt === null ? (
          <span className="text-ink-3">not yet</span>
        ) : (
          <Instant iso={part.acknowledgedAt} />
        )}
      </td>
      <Digest of={part.deviceXxh64} />
      <Digest of={part.receivedXxh64} />
      <Digest of={part.storedXxh64} isDifferent={isDifferent} />
      <td className="px-3 py-1.5 whitespace-nowrap">
        {isDifferent ? (
          <span className="inline-flex items-center gap-1.5 align-middle font-medium text-bad">
            <CircleAlert aria-hidden className="size-4" />
            {isFirstMismatch ? 'First that differs' : 'Differs'}
          </span>
        ) : isCompared && deviceXxh64 === null ? (
          <span className="inline-flex items-center gap-1.5 align-middle text-ink-2">
            <Check aria-hidden className="size-4" />
            As received
          </span>
        ) : isCompared ? (
          <span className="inline-flex items-center gap-1.5 align-middle text-ok">
            <Check aria-hidden className="size-4" />
            Equal
          </span>
        ) : (
          <span className="text-ink-3">not compared</span>
        )}
      </td>
    </tr>
  )
}

function Digest({ of, isDifferent = false }: { of: string | null; isDifferent?: boolean }) {
  return (
    <td className={clsx('px-3 py-1.5 font-mono text-sm whitespace-nowrap', isDifferent && 'font-medium text-bad')}>
      {of ?? <span className="font-sans text-ink-3">none</span>}
    </td>
  )
}
