import type { Clip } from '@rushes/fleet'
import { groupOfState } from '@rushes/upload-core'
import { RotateCw } from 'lucide-react'
import { Button } from '@/ui/button.tsx'
import { Card, Fact, Facts, None } from '@/ui/card.tsx'
import { StateMark } from '@/ui/state-mark.tsx'
import { Age, Instant } from '@/ui/time.tsx'
import { whyOf } from '@/uploads/why.ts'
import { wordsForClip } from '@/uploads/words-for-clip.ts'
import { uploadWords } from '@/words/upload-words.ts'

/** The upload as its device told of it: state, reason, tries, the last error. */
export function DeviceAccount({
  clip,
  actionLabel,
  onAct,
}: {
  clip: Clip
  actionLabel: string | null
  onAct: () => void
}) {
  const { report } = clip
  if (report === null)
    return (
      <Card title="The device’s account">
        <p className="px-4 py-3 text-ink-2">
          None: this device does not report, or no longer lists this upload. What arrived stands beside.
        </p>
      </Card>
    )
  // What is wrong with the stored bytes stands under Custody.
  const why = whyOf({ ...report, custody: null })
  return (
    <Card
      title="The device’s account"
      actions={
        actionLabel !== null && (
          <Button size="sm" onClick={onAct}>
            <RotateCw aria-hidden />
            {actionLabel}
          </Button>
        )
      }
    >
      <Facts>
        <Fact name="State">
          <StateMark words={wordsForClip({ ...report, custody: clip.custody.state })} />
          {why !== null && <p className="text-ink-2">{why.explanation}</p>}
          {report.mismatchBecause !== null && groupOfState[report.state] === 'home' && (
            <p className="text-ink-2">
              The device itself still calls it {uploadWords[report.state].label.toLowerCase()}: that was so when it
              asked last.
            </p>
          )}
        </Fact>
        <Fact name="Tries">{report.attempts === 0 ? <None>none failed</None> : report.attempts}</Fact>
        <Fact name="Last error">
          {report.error === null ? (
            <None />
          ) : (
            <>
              <code className="font-mono text-sm">{report.error.code}</code>
              {report.error.message !== '' && <p className="text-ink-2">{report.error.message}</p>}
            </>
          )}
        </Fact>
        {report.nextAttemptAt !== null && (
          <Fact name="Next try">
            <Instant iso={report.nextAttemptAt} />
          </Fact>
        )}
        <Fact name="Path there">
          <span className="font-mono text-sm [overflow-wrap:anywhere]">{report.path}</span>
        </Fact>
        <Fact name="As of">
          <Age iso={report.receivedAt} suffix="ago" />
        </Fact>
      </Facts>
    </Card>
  )
}
