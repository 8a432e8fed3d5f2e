import type { CommandBody, CommandKind, CommandState, ExecutionState } from '@rushes/protocol'
import {
  ArrowRightLeft,
  Ban,
  CheckCheck,
  CircleCheck,
  CircleSlash,
  Clock,
  Eraser,
  Hand,
  LoaderCircle,
  type LucideIcon,
  OctagonAlert,
  Play,
  RotateCw,
  Send,
  TimerOff,
} from 'lucide-react'
import type { Words } from './standing-words.ts'

export const commandWords: Record<CommandKind, { label: string; icon: LucideIcon }> = {
  retryUploads: { label: 'Retry', icon: RotateCw },
  clearQueue: { label: 'Clear queue', icon: Eraser },
  holdUploads: { label: 'Hold uploads', icon: Hand },
  releaseUploads: { label: 'Release uploads', icon: Play },
  unblockUpload: { label: 'Offer again', icon: Play },
  assignProject: { label: 'Move to project', icon: ArrowRightLeft },
}

/** What a command says to a device, in a few words: `Retry 3 clips`, `Move to Harbour Nights`. */
export function describeCommand(body: CommandBody): string {
  switch (body.kind) {
    case 'retryUploads':
      return body.uploadIds === null ? 'Retry all that failed' : `Retry ${clips(body.uploadIds.length)}`
    case 'releaseUploads':
      return body.uploadIds === null ? 'Release uploads' : `Release ${clips(body.uploadIds.length)}`
    case 'unblockUpload':
      return 'Offer a clip again'
    case 'clearQueue':
      return 'Clear the queue'
    case 'holdUploads':
      return 'Hold uploads'
    case 'assignProject':
      return body.projectId === null ? 'Take out of its project' : `Move to ${body.projectName ?? 'another project'}`
    default:
      return body satisfies never
  }
}

const clips = (count: number) => (count === 1 ? '1 clip' : `${count} clips`)

export const commandStateWords: Record<CommandState, Words> = {
  draft: { label: 'Draft', tone: 'mute', icon: CircleSlash },
  active: { label: 'Under way', tone: 'move', icon: LoaderCircle },
  done: { label: 'Done', tone: 'ok', icon: CircleCheck },
  cancelled: { label: 'Cancelled', tone: 'mute', icon: CircleSlash },
  aborted: { label: 'Aborted', tone: 'bad', icon: OctagonAlert },
}

export const executionWords: Record<ExecutionState, Words & { sentence: string }> = {
  queued: { label: 'Waits for the device', tone: 'mute', icon: Clock, sentence: 'Not handed over yet.' },
  delivered: { label: 'Handed over', tone: 'move', icon: Send, sentence: 'The device has not answered yet.' },
  acknowledged: { label: 'Accepted', tone: 'move', icon: CheckCheck, sentence: 'The device will carry it out.' },
  running: { label: 'Running', tone: 'move', icon: LoaderCircle, sentence: 'The device is at it.' },
  succeeded: { label: 'Done', tone: 'ok', icon: CircleCheck, sentence: 'The device has done it.' },
  failed: { label: 'Failed', tone: 'bad', icon: OctagonAlert, sentence: 'The device tried and failed.' },
  rejected: { label: 'Rejected', tone: 'bad', icon: Ban, sentence: 'The device will not do it.' },
  timedOut: { label: 'No answer', tone: 'bad', icon: TimerOff, sentence: 'The device did not answer in time.' },
  expired: { label: 'Expired', tone: 'warn', icon: TimerOff, sentence: 'The device did not come back in time.' },
  cancelled: { label: 'Cancelled', tone: 'mute', icon: CircleSlash, sentence: 'Called off before it began.' },
  superseded: {
    label: 'Overtaken',
    tone: 'mute',
    icon: ArrowRightLeft,
    sentence: 'A move to another project came first.',
  },
}
