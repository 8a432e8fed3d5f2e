import type { TimelineEntry } from '@rushes/fleet'
import {
  ArrowRightLeft,
  CircleDot,
  FileCheck,
  Hand,
  type LucideIcon,
  MessageSquare,
  OctagonAlert,
  Pencil,
  WifiOff,
} from 'lucide-react'
import { formatBytes, plural } from '../format/bytes.ts'
import { auditSentence } from '../words/audit-words.ts'
import { commandWords, describeCommand, executionWords } from '../words/command-words.ts'
import type { Tone } from '../words/tone.ts'

export type TimelineWords = { icon: LucideIcon; tone: Tone; text: string; detail: string | null }

const closeWords: Record<string, string> = {
  drain: 'its gateway was restarted',
  superseded: 'a newer connection took its place',
  revoked: 'its pairing was given up',
  protocolError: 'it sent what the server does not understand',
  overloaded: 'the server had too much to do',
  tooSlow: 'it did not keep up',
  gatewayLost: 'its gateway was lost',
  networkLost: 'the network was lost',
}

/** An entry of the timeline in words. */
export function timelineWords(entry: TimelineEntry): TimelineWords {
  switch (entry.kind) {
    case 'connected': {
      const version = entry.agentVersion === null ? null : `agent ${entry.agentVersion}`
      const detail = [version, entry.remoteAddress === null ? null : `from ${entry.remoteAddress}`].filter(
        (part) => part !== null,
      )
      return { icon: CircleDot, tone: 'ok', text: 'Connected', detail: detail.length === 0 ? null : detail.join(', ') }
    }
    case 'disconnected':
      return { icon: WifiOff, tone: 'mute', text: 'Disconnected', detail: closeWords[entry.because] ?? entry.because }
    case 'audit':
      return {
        icon: Pencil,
        tone: 'mute',
        text: auditSentence(entry.action, entry.actorName),
        detail: entry.reason === null ? null : `“${entry.reason}”`,
      }
    case 'execution': {
      const { tone, label } = executionWords[entry.state]
      const did = entry.result === null ? (entry.error?.message ?? null) : resultWords(entry.result)
      return {
        icon: commandWords[entry.body.kind].icon,
        tone,
        text: `${describeCommand(entry.body)}: ${label.toLowerCase()}`,
        detail: did,
      }
    }
    case 'receipt': {
      const text = `Confirmed its move: ${clearedWords(entry)}`
      return { icon: FileCheck, tone: 'ok', text, detail: `Receipt ${entry.idsXxh64}` }
    }
    case 'event':
      return eventWords(entry.body)
    default:
      return entry satisfies never
  }
}

/** What a device did, in numbers; null when there were none to tell. */
const resultWords = (result: { fileCount: number; byteCount: number }) =>
  result.fileCount === 0 ? null : `${plural(result.fileCount, 'clip')}, ${formatBytes(result.byteCount)}`

/** What a device cleared when it moved: `cleared 10 clips, 31.0 GB, 1 of them under way`. */
export function clearedWords(receipt: { clearedCount: number; clearedBytes: number; abortedCount: number }): string {
  const { clearedCount, clearedBytes, abortedCount } = receipt
  if (clearedCount === 0) return 'its queue was empty'
  const aborted = abortedCount > 0 ? `, ${abortedCount} of them under way` : ''
  return `cleared ${plural(clearedCount, 'clip')}, ${formatBytes(clearedBytes)}${aborted}`
}

function eventWords(body: Extract<TimelineEntry, { kind: 'event' }>['body']): TimelineWords {
  switch (body.kind) {
    case 'uploadChanged': {
      const name = body.upload.path.split(/[/\\]/).at(-1) ?? body.upload.path
      return { icon: OctagonAlert, tone: 'bad', text: `${name} failed`, detail: body.upload.error?.message ?? null }
    }
    case 'projectChanged': {
      const text = `Changed its project: ${clearedWords(body.receipt)}`
      return { icon: ArrowRightLeft, tone: 'mute', text, detail: null }
    }
    case 'holdChanged': {
      const by = body.by === 'operator' ? 'by an operator' : 'on the device'
      return {
        icon: Hand,
        tone: 'hold',
        text: body.held ? `Uploads put on hold ${by}` : `Uploads released ${by}`,
        detail: null,
      }
    }
    case 'notice':
      return { icon: MessageSquare, tone: 'mute', text: body.message, detail: null }
    default:
      return body satisfies never
  }
}
