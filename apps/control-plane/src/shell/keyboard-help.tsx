'use client'
import { useSyncExternalStore } from 'react'
import { createSignal } from '@/live/signal.ts'
import { Dialog } from '@/ui/dialog.tsx'
import { Kbd } from '@/ui/kbd.tsx'
import { sections } from './sections.ts'

const changed = createSignal()
let isOpen = false

function setOpen(next: boolean): void {
  isOpen = next
  changed.emit()
}

export function openKeyboardHelp(): void {
  setOpen(true)
}

const anywhere = [
  { keys: ['⌘ K', 'Ctrl K'], does: 'Go anywhere, do anything' },
  { keys: ['/'], does: 'Search this page' },
  { keys: ['?'], does: 'This help' },
]

const inLists = [
  { keys: ['j', '↓'], does: 'Next row' },
  { keys: ['k', '↑'], does: 'Row before' },
  { keys: ['x'], does: 'Select the row' },
  { keys: ['Delete'], does: 'Move selected clips to the trash' },
  { keys: ['Enter'], does: 'Open the row' },
  { keys: ['Esc'], does: 'Select nothing, leave a field' },
]

export function KeyboardHelp() {
  const open = useSyncExternalStore(
    changed.subscribe,
    () => isOpen,
    () => false,
  )
  return (
    <Dialog open={open} onOpenChange={setOpen} title="Keyboard shortcuts" wide>
      <div className="grid gap-x-8 gap-y-5 md:grid-cols-2">
        <Group title="Anywhere" rows={anywhere} />
        <Group title="In lists" rows={inLists} />
        <Group title="Go to" rows={sections.map((section) => ({ keys: [`g ${section.key}`], does: section.label }))} />
      </div>
    </Dialog>
  )
}

function Group({ title, rows }: { title: string; rows: readonly { keys: readonly string[]; does: string }[] }) {
  return (
    <section>
      <h3 className="mb-1 text-sm font-medium text-ink-2">{title}</h3>
      <dl>
        {rows.map(({ keys, does }) => (
          <div key={does} className="flex h-8 items-center justify-between gap-4 border-b border-line last:border-0">
            <dt>{does}</dt>
            <dd className="flex gap-1">
              {keys.map((key) => (
                <Kbd key={key}>{key}</Kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
