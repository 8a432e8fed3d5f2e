'use client'
import type { Presence } from '@rushes/fleet'
import { Cable, CircleDot, CircleOff, Unlink, WifiOff } from 'lucide-react'
import { useStaleMs } from '@/live/live-provider.tsx'
import { StateMark } from '@/ui/state-mark.tsx'
import type { Words } from '@/words/standing-words.ts'

const presenceWords: Record<Presence['state'], Words> = {
  online: { label: 'Online', tone: 'ok', icon: CircleDot },
  offline: { label: 'Offline', tone: 'warn', icon: WifiOff },
  neverConnected: { label: 'Never connected', tone: 'mute', icon: CircleOff },
  noControlLink: { label: 'No control link', tone: 'mute', icon: Cable },
  revoked: { label: 'Unpaired', tone: 'mute', icon: Unlink },
}

const wasOnline: Words = { label: 'Was online', tone: 'mute', icon: CircleDot }

/** Whether the device is connected. Nobody is called online on the word of a stream that is lost. */
export function PresenceMark({ presence }: { presence: Presence }) {
  const staleMs = useStaleMs()
  const words = presence.state === 'online' && staleMs !== null ? wasOnline : presenceWords[presence.state]
  // Most devices are online most of the time: the green of the icon is enough.
  return (
    <StateMark words={words}>
      <span className={presence.state === 'online' ? 'text-ink-2' : undefined}>{words.label}</span>
    </StateMark>
  )
}
