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
    sentence: 'Stored bytes differ from what the device sent. Keep the original, and upload it again.',
  },
  sizeChecked: {
    label: 'Size checked',
    tone: 'warn',
    icon: Ruler,
    sentence: 'All bytes have arrived; the device gave no digests to compare them with.',
  },
}
