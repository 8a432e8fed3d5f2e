import type { Clip } from '@rushes/fleet'
import { CircleCheck, CircleDashed, Hourglass, OctagonAlert, SquareX } from 'lucide-react'
import type { Words } from '@/words/standing-words.ts'

/** Where the clip stands at the destination; the device's own account stands apart. */
export const clipStateWords: Record<Clip['state'], Words & { sentence: string }> = {
  created: {
    label: 'Arriving',
    tone: 'move',
    icon: CircleDashed,
    sentence: 'The destination knows of it and is waiting for its bytes.',
  },
  assembling: {
    label: 'Being put together',
    tone: 'move',
    icon: Hourglass,
    sentence: 'All parts are here; the file is being made durable.',
  },
  available: { label: 'Arrived', tone: 'ok', icon: CircleCheck, sentence: 'The whole file is stored.' },
  failed: {
    label: 'Failed',
    tone: 'bad',
    icon: OctagonAlert,
    sentence: 'The destination could not make a whole file of what arrived.',
  },
  closed: {
    label: 'Closed',
    tone: 'mute',
    icon: SquareX,
    sentence: 'The device was moved or forgotten before the file was whole; no more bytes are taken.',
  },
}
