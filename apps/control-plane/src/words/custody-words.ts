import type { ClipReading } from '@rushes/fleet'
import { BadgeCheck, CircleDashed, Hourglass, Ruler, ShieldAlert } from 'lucide-react'
import type { Words } from './standing-words.ts'

export type CustodyState = 'no' | 'pending' | 'verified' | 'mismatch' | 'sizeChecked'

export const custodyWords: Record<CustodyState, Words & { sentence: string }> = {
  no: {
    label: 'Not checked',
    tone: 'mute',
    icon: CircleDashed,
    sentence: 'The destination has nothing to compare yet.',
  },
  pending: {
    label: 'Checking',
    tone: 'mute',
    icon: Hourglass,
    sentence: 'The stored bytes are being read back and compared with what the device sent.',
  },
  verified: {
    label: 'Verified',
    tone: 'ok',
    icon: BadgeCheck,
    sentence:
      'The stored bytes were read back, and every part equals the digest that the device computed while sending.',
  },
  mismatch: {
    label: 'Bytes differ',
    tone: 'bad',
    icon: ShieldAlert,
    sentence: 'The stored bytes are not those that were sent, or no longer. Keep the original if it is still there.',
  },
  sizeChecked: {
    label: 'Size checked',
    tone: 'warn',
    icon: Ruler,
    sentence: 'All bytes have arrived; the device gave no digests to compare them with.',
  },
}

/** What happened to the stored bytes of a clip that is not sound, and what can be done. */
const mismatchWords: Record<NonNullable<ClipReading['mismatchBecause']>, { label: string; sentence: string }> = {
  sentOtherwise: {
    label: 'Bytes differ',
    sentence: 'Stored bytes differ from what the device sent. Keep the original, and upload it again.',
  },
  changed: {
    label: 'Bytes changed',
    sentence:
      'The stored bytes were sound, and have changed since. Put the file back from a copy, or upload the original again; then check again.',
  },
  gone: {
    label: 'File gone',
    sentence:
      'The stored file is gone, while the store itself answers. Put it back from a copy and check again, or upload the original again.',
  },
  unreadable: {
    label: 'Cannot be read',
    sentence:
      'The stored bytes cannot be read, time after time, while the store itself answers: its disk may be failing. Save what can be saved, then check again.',
  },
}

/** The words for the custody of a clip, with what happened to it where that is known. */
export function wordsForCustody(
  state: CustodyState,
  because: ClipReading['mismatchBecause'],
): Words & { sentence: string } {
  const words = custodyWords[state]
  return state === 'mismatch' && because !== null ? { ...words, ...mismatchWords[because] } : words
}
