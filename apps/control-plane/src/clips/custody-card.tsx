'use client'
import type { Clip } from '@rushes/fleet'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { useApi } from '@/api-client/api-provider.tsx'
import { plural } from '@/format/bytes.ts'
import { Card, Fact, Facts, None } from '@/ui/card.tsx'
import { StateMark } from '@/ui/state-mark.tsx'
import { Instant } from '@/ui/time.tsx'
import { wordsForCustody } from '@/words/custody-words.ts'
import { CheckAgain } from './check-again.tsx'
import { PartsTable } from './parts-table.tsx'
import { PendingReading } from './pending-reading.tsx'

/** What is proven about the stored bytes, when, by what, and part by part. */
export function CustodyCard({ clip }: { clip: Clip }) {
  const { custody, partCounts, reading } = clip
  useFreshParts(reading.readAt)
  const words = wordsForCustody(custody.state, reading.mismatchBecause)
  return (
    <Card
      title="Custody"
      actions={
        <>
          <StateMark words={words} className="font-medium" />
          {reading.isReadable && <CheckAgain assetId={clip.assetId} isAsked={reading.pending?.asked != null} />}
        </>
      }
    >
      <p className="px-4 pt-3">{words.sentence}</p>
      <Facts>
        <Fact name={custody.state === 'mismatch' ? 'Found' : 'Checked'}>
          {custody.at === null ? <None>not yet</None> : <Instant iso={custody.at} />}
        </Fact>
        <Fact name="By">{judgeOf(custody.state)}</Fact>
        <LastReading clip={clip} />
        <Fact name="Device’s digest">
          {custody.fileXxh64 === null ? (
            <None>
              {custody.state === 'no' || custody.state === 'pending'
                ? 'not told yet'
                : 'the device gave no digest of the whole file'}
            </None>
          ) : (
            <code className="font-mono text-sm">{custody.fileXxh64}</code>
          )}
        </Fact>
        <Fact name="Parts">
          {plural(partCounts.total, 'part')}, {partCounts.acknowledged} arrived
        </Fact>
        {custody.firstMismatchNumber !== null && (
          <Fact name="First difference">
            <span className="font-medium text-bad">part {custody.firstMismatchNumber}</span>
          </Fact>
        )}
        <PendingReading reading={reading} partCount={partCounts.total} />
      </Facts>
      <PartsTable assetId={clip.assetId} firstMismatchNumber={custody.firstMismatchNumber} />
    </Card>
  )
}

/** When the stored bytes were read last, what digest that gave, and what it proves where the device told none. */
function LastReading({ clip }: { clip: Clip }) {
  if (clip.state !== 'available') return null
  const { readAt, storedXxh64 } = clip.reading
  return (
    <>
      <Fact name="Read last">
        {readAt === null ? <None>not since it arrived</None> : <Instant iso={readAt} />}
        {readAt !== null && clip.custody.state === 'sizeChecked' && (
          <span className="block text-sm text-ink-2">
            The bytes are those that were stored. Whether the device recorded them, only a digest of its own could say.
          </span>
        )}
      </Fact>
      <Fact name={clip.custody.state === 'mismatch' ? 'Last sound digest' : 'Stored digest'}>
        {storedXxh64 === null ? (
          <None>{readAt === null ? 'not read yet' : 'comes with the next reading'}</None>
        ) : (
          <code className="font-mono text-sm">{storedXxh64}</code>
        )}
      </Fact>
    </>
  )
}

function judgeOf(state: Clip['custody']['state']): string {
  if (state === 'sizeChecked') return 'Rushes ingest, by the size alone'
  if (state === 'no' || state === 'pending') return 'Rushes ingest, once all bytes are here'
  return 'Rushes ingest, reading the stored bytes back (xxh64, part by part)'
}

/** A new reading may have found other digests of the parts than those that are shown. */
function useFreshParts(readAt: string | null): void {
  const api = useApi()
  const queries = useQueryClient()
  const shownAt = useRef(readAt)
  useEffect(() => {
    if (shownAt.current === readAt) return
    shownAt.current = readAt
    void queries.invalidateQueries({ queryKey: api.clips.parts.pathKey() })
  }, [api, queries, readAt])
}
