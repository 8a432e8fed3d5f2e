import type { ActivityEntry } from '@rushes/fleet'
import { commandKinds } from '@rushes/protocol'
import {
  ArchiveRestore,
  ArrowRightLeft,
  Ban,
  CalendarClock,
  Check,
  CircleSlash,
  Eraser,
  Eye,
  EyeOff,
  FileCheck,
  FolderClock,
  FolderPlus,
  Hand,
  KeyRound,
  type LucideIcon,
  PencilLine,
  Play,
  ReceiptText,
  RotateCw,
  ScanSearch,
  ShieldAlert,
  ShieldCheck,
  Trash2,
  Unlink,
  UserPlus,
} from 'lucide-react'
import { plural } from '@/format/bytes.ts'
import { commandWords } from '@/words/command-words.ts'

/**
 * An action as one says it: `Ana` **moved** `A-Cam` **to** `Harbour Nights`. `after` follows the target's name; `isWhole`: the verb says
 * it all, and the target is not named.
 */
export type ActionWords = { verb: string; after?: string; toProject?: string; isWhole?: true; icon: LucideIcon }

const words: Readonly<Record<string, ActionWords>> = {
  'device.assignProject': { verb: 'moved', toProject: 'to', icon: ArrowRightLeft },
  'device.pauseSharing': { verb: 'paused sharing on', icon: EyeOff },
  'device.resumeSharing': { verb: 'resumed sharing on', icon: Eye },
  'device.purgeReceipt': { verb: 'confirmed the move of', icon: ReceiptText },
  'device.deauthorize': { verb: 'gave up the pairing of', icon: Unlink },
  'device.forget': { verb: 'forgot', icon: Unlink },
  'device.setAuthorizationExpiry': { verb: 'set how long', after: 'may act', icon: KeyRound },
  'clip.checkAgain': { verb: 'asked to check again', icon: ScanSearch },
  'clip.custodyLost': { verb: 'found no longer sound:', icon: ShieldAlert },
  'clip.custodyRestored': { verb: 'found sound again:', icon: ShieldCheck },
  'clip.rename': { verb: 'renamed', icon: PencilLine },
  'device.revokeTokens': { verb: 'lost the sign-in of', after: 'to a token that was used twice', icon: ShieldAlert },
  'pairing.approve': { verb: 'let in', toProject: 'into', icon: Check },
  'pairing.deny': { verb: 'turned down', icon: Ban },
  'project.checkAgain': { verb: 'asked to check again every clip of', icon: ScanSearch },
  'project.exportManifest': { verb: 'took a manifest of', icon: FileCheck },
  'clip.trash': { verb: 'moved', after: 'to the trash', icon: Trash2 },
  'clip.restore': { verb: 'restored', after: 'from the trash', icon: ArchiveRestore },
  'clip.remove': { verb: 'removed', after: 'for good', icon: Trash2 },
  'project.emptyTrash': { verb: 'emptied the trash of', icon: Trash2 },
  'project.setFolderBy': { verb: 'changed how clips are filed in', icon: FolderClock },
  'project.setRetention': { verb: 'set how long things are kept in', icon: CalendarClock },
  'project.create': { verb: 'made the project', icon: FolderPlus },
  'command.retryUploads': { verb: 'sent a retry to', icon: RotateCw },
  'command.clearQueue': { verb: 'cleared the queue of', icon: Eraser },
  'command.holdUploads': { verb: 'put on hold the uploads of', icon: Hand },
  'command.unblockUpload': { verb: 'offered again a clip of', icon: Play },
  'command.releaseUploads': { verb: 'released uploads of', icon: Play },
  'command.cancel': { verb: 'cancelled', icon: CircleSlash },
  'person.create': { verb: 'added the person', icon: UserPlus },
  'person.createFirstOperatorLink': {
    verb: 'made the sign-in link for the first operator',
    isWhole: true,
    icon: KeyRound,
  },
  'person.createFirstOperator': { verb: 'came in as the first operator', isWhole: true, icon: UserPlus },
  'person.createResetLink': { verb: 'made a password link for', icon: KeyRound },
  'person.resetPassword': { verb: 'set a new password for', icon: KeyRound },
}

/** The words for an action; one that this page does not know yet is shown as it is stored. */
export function wordsForAction(action: string): ActionWords {
  return words[action] ?? { verb: action, icon: ReceiptText }
}

/** Whom or what the action was about, and where that is shown. */
export function targetOf(entry: ActivityEntry): { text: string; href: string | null } {
  const { target, after } = entry
  switch (target.kind) {
    case 'device':
      return { text: entry.device?.name ?? target.name ?? 'a device', href: `/devices/${target.id}` }
    case 'project':
      return { text: target.name ?? 'a project', href: `/projects/${target.id}` }
    case 'clip':
      return { text: target.name ?? 'a clip', href: `/clips/${target.id}` }
    case 'command': {
      const count = after?.deviceCount
      const text = typeof count === 'number' ? plural(count, 'device') : commandText(entry.before?.kind)
      return { text, href: `/commands/${target.id}` }
    }
    default:
      return { text: target.name ?? target.kind, href: null }
  }
}

function commandText(kind: unknown): string {
  const known = commandKinds.find((one) => one === kind)
  return known === undefined ? 'a command' : `the command “${commandWords[known].label}”`
}

/** Subjects that the list can be narrowed to: the first word of an action. */
export const subjects = [
  { value: 'device', label: 'Devices' },
  { value: 'command', label: 'Commands' },
  { value: 'clip', label: 'Clips' },
  { value: 'pairing', label: 'Pairing' },
  { value: 'project', label: 'Projects' },
  { value: 'person', label: 'People' },
] as const
