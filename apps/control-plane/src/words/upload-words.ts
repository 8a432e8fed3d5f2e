import { type ReasonCode, reasons, type UploadState } from '@rushes/protocol'
import {
  ArrowUpFromLine,
  BadgeCheck,
  Ban,
  CircleArrowUp,
  CircleCheck,
  CircleSlash,
  Clock,
  Eraser,
  EyeOff,
  Hand,
  Hourglass,
  OctagonAlert,
  PencilLine,
} from 'lucide-react'
import type { Words } from './standing-words.ts'

export const uploadWords: Record<UploadState, Words> = {
  growing: { label: 'Being written', tone: 'mute', icon: PencilLine },
  queued: { label: 'Queued', tone: 'mute', icon: Clock },
  registering: { label: 'Registering', tone: 'move', icon: CircleArrowUp },
  uploading: { label: 'Uploading', tone: 'move', icon: ArrowUpFromLine },
  waiting: { label: 'Waiting', tone: 'mute', icon: Hourglass },
  held: { label: 'Held', tone: 'hold', icon: Hand },
  uploaded: { label: 'Uploaded', tone: 'ok', icon: CircleCheck },
  verified: { label: 'Verified', tone: 'ok', icon: BadgeCheck },
  failed: { label: 'Failed', tone: 'bad', icon: OctagonAlert },
  blocked: { label: 'Not shared', tone: 'share', icon: EyeOff },
  cancelled: { label: 'Cancelled', tone: 'mute', icon: CircleSlash },
  cleared: { label: 'Cleared', tone: 'mute', icon: Eraser },
  refused: { label: 'Refused', tone: 'warn', icon: Ban },
}

/** The words for a clip's state; what waits for something wrong is told in that tone. */
export function wordsForUpload(state: UploadState, reason: ReasonCode | null): Words {
  const words = uploadWords[state]
  if (state !== 'waiting' || reason === null) return words
  const { severity } = reasons[reason]
  return severity === 'info' ? words : { ...words, tone: severity === 'problem' ? 'bad' : 'warn' }
}
