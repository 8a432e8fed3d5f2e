import type { Clip } from '@rushes/fleet'
import { plural } from '@/format/bytes.ts'
import { Card, Fact, Facts, None } from '@/ui/card.tsx'
import { StateMark } from '@/ui/state-mark.tsx'
import { Instant } from '@/ui/time.tsx'
import { custodyWords } from '@/words/custody-words.ts'
import { PartsTable } from './parts-table.tsx'

/** What is proven about the stored bytes, when, by what, and part by part. */
export function CustodyCard({ clip }: { clip: Clip }) {
  const { custody, partCounts } = clip
  const words = custodyWords[custody.state]
  return (
    <Card title="Custody" actions={<StateMark words={words} className="font-medium" />}>
      <p className="px-4 pt-3">{words.sentence}</p>
      <Facts>
        <Fact name={custody.state === 'mismatch' ? 'Found' : 'Checked'}>
          {custody.at === null ? <None>not yet</None> : <Instant iso={custody.at} />}
        </Fact>
        <Fact name="By">
          {custody.state === 'sizeChecked'
            ? 'Rushes ingest, by the size alone'
            : custody.state === 'no' || custody.state === 'pending'
              ? 'Rushes ingest, once all bytes are here'
              : 'Rushes ingest, reading the stored bytes back (xxh64, part by part)'}
        </Fact>
        <Fact name="Whole file">
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
      </Facts>
      <PartsTable assetId={clip.assetId} firstMismatchNumber={custody.firstMismatchNumber} />
    </Card>
  )
}
