import type { Standing } from '@rushes/upload-core'
import {
  ArrowRightLeft,
  ArrowUpFromLine,
  Cable,
  CircleCheck,
  CircleDashed,
  CircleHelp,
  Hand,
  Hourglass,
  type LucideIcon,
  OctagonAlert,
  Unlink,
  WifiOff,
} from 'lucide-react'
import type { Tone } from './tone.ts'

export type Words = { label: string; tone: Tone; icon: LucideIcon }

export const standingWords: Record<Standing, Words> = {
  needsAttention: { label: 'Needs attention', tone: 'bad', icon: OctagonAlert },
  changingProject: { label: 'Changing project', tone: 'warn', icon: ArrowRightLeft },
  outOfReach: { label: 'Out of reach', tone: 'warn', icon: WifiOff },
  onHold: { label: 'On hold', tone: 'hold', icon: Hand },
  uploading: { label: 'Uploading', tone: 'move', icon: ArrowUpFromLine },
  waiting: { label: 'Waiting', tone: 'mute', icon: Hourglass },
  home: { label: 'Home', tone: 'ok', icon: CircleCheck },
  empty: { label: 'No clips', tone: 'mute', icon: CircleDashed },
  unreported: { label: 'No report yet', tone: 'mute', icon: CircleHelp },
  uploadLinkOnly: { label: 'Upload link only', tone: 'mute', icon: Cable },
  revoked: { label: 'Unpaired', tone: 'mute', icon: Unlink },
}
