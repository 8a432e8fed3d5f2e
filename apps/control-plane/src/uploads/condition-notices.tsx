import type { Condition } from '@rushes/fleet'
import { HardDrive } from 'lucide-react'
import { useConditions } from '@/shell/use-conditions.ts'
import { Notice } from '@/ui/notice.tsx'
import { Age } from '@/ui/time.tsx'
import type { Tone } from '@/words/tone.ts'

const words: Record<Condition['code'], { tone: Tone; title: string; action: string }> = {
  storeLow: { tone: 'warn', title: 'Storage is running low', action: 'Make room, or give the store a larger volume.' },
  storeFull: {
    tone: 'bad',
    title: 'Storage is full',
    action: 'Make room: clips go up by themselves as soon as there is.',
  },
  storeUnusable: {
    tone: 'bad',
    title: 'Storage cannot be used',
    action: 'Check that its volume is mounted and writable. Devices keep their clips and go on by themselves.',
  },
}

const worstFirst = (a: Condition, b: Condition) =>
  Number(words[a.code].tone !== 'bad') - Number(words[b.code].tone !== 'bad')

/** What is wrong where clips are stored, above the clips that it may hold up. */
export function ConditionNotices() {
  const conditions = useConditions()
  if (conditions === null || conditions.length === 0) return null
  return (
    <div className="flex flex-col gap-2 pb-3">
      {[...conditions].sort(worstFirst).map(({ code, reporter, detail, since, seenAt }) => (
        <Notice key={`${code} ${reporter}`} tone={words[code].tone} icon={HardDrive}>
          <p className="font-medium">{words[code].title}</p>
          <p>
            {detail}. {words[code].action}
          </p>
          <p className="text-sm text-ink-2">
            For <Age iso={since} /> · seen <Age iso={seenAt} suffix="ago" /> by ingest at {reporter}
          </p>
        </Notice>
      ))}
    </div>
  )
}
