/**
 * The colours of states. `hold` and `share` each belong to one thing alone: uploads on hold, and sharing paused. No state is
 * told by its colour alone; an icon and a word go with it.
 */
export type Tone = 'mute' | 'move' | 'ok' | 'warn' | 'bad' | 'hold' | 'share'

export const toneText: Record<Tone, string> = {
  mute: 'text-ink-2',
  move: 'text-accent',
  ok: 'text-ok',
  warn: 'text-warn',
  bad: 'text-bad',
  hold: 'text-hold',
  share: 'text-share',
}

export const toneSoft: Record<Tone, string> = {
  mute: 'bg-sunken text-ink-2',
  move: 'bg-accent-soft text-accent',
  ok: 'bg-ok-soft text-ok',
  warn: 'bg-warn-soft text-warn',
  bad: 'bg-bad-soft text-bad',
  hold: 'bg-hold-soft text-hold',
  share: 'bg-share-soft text-share',
}
