'use client'
import { Autocomplete } from '@base-ui/react/autocomplete'
import { Dialog } from '@base-ui/react/dialog'
import { useQuery } from '@tanstack/react-query'
import { FolderOpen, type LucideIcon, Monitor, MonitorSmartphone, Moon, Plus, Search, Sun } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { useDeferredValue, useState } from 'react'
import { useApi } from '@/api-client/api-provider.tsx'
import { Kbd } from '@/ui/kbd.tsx'
import { openKeyboardHelp } from './keyboard-help.tsx'
import { sections } from './sections.ts'
import { chooseTheme } from './theme.ts'
import { useMayOperate } from './viewer.tsx'

type Item = { id: string; label: string; icon: LucideIcon; run: () => void }
type Group = { value: string; items: Item[] }

/** Every place, device, project and action by a few letters of its name. */
export default function PaletteDialog({ onDone }: { onDone: () => void }) {
  return (
    <Dialog.Root open onOpenChange={onDone}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 bg-veil" />
        <Dialog.Viewport className="fixed inset-0 z-50 flex items-start justify-center p-4 pt-[12vh] max-md:pt-4">
          <Dialog.Popup
            aria-label="Go anywhere"
            className="floats flex max-h-[min(30rem,70dvh)] w-full max-w-xl flex-col overflow-hidden rounded-lg border border-line bg-raised shadow-floating outline-none"
          >
            <Palette onDone={onDone} />
          </Dialog.Popup>
        </Dialog.Viewport>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

function Palette({ onDone }: { onDone: () => void }) {
  const [text, setText] = useState('')
  const groups = useGroups(useDeferredValue(text.trim()))
  return (
    <Autocomplete.Root
      open
      inline
      items={groups}
      value={text}
      onValueChange={setText}
      itemToStringValue={(item: Item) => item.label}
      autoHighlight="always"
      keepHighlight
    >
      <div className="flex items-center gap-2 border-b border-line px-4">
        <Search aria-hidden className="size-4 shrink-0 text-ink-3" />
        <Autocomplete.Input
          aria-label="Go anywhere"
          placeholder="A device, a project, a page, an action"
          className="h-12 w-full bg-transparent text-lg outline-none max-md:text-[16px]"
        />
        <Kbd>Esc</Kbd>
      </div>
      <div className="min-h-0 flex-1 overflow-y-auto p-1">
        <Autocomplete.Empty>
          <p className="px-3 py-6 text-center text-ink-2 empty:hidden">Nothing has this name.</p>
        </Autocomplete.Empty>
        <Autocomplete.List>
          {(group: Group) => (
            <Autocomplete.Group key={group.value} items={group.items}>
              <Autocomplete.GroupLabel className="px-3 pt-2 pb-1 text-sm text-ink-3">
                {group.value}
              </Autocomplete.GroupLabel>
              <Autocomplete.Collection>
                {(item: Item) => (
                  <Autocomplete.Item
                    key={item.id}
                    value={item}
                    onClick={() => {
                      onDone()
                      item.run()
                    }}
                    className="flex h-9 items-center gap-2.5 rounded-sm px-3 outline-none select-none data-[highlighted]:bg-sunken max-md:h-11"
                  >
                    <item.icon aria-hidden className="size-4 shrink-0 text-ink-3" />
                    <span className="truncate">{item.label}</span>
                  </Autocomplete.Item>
                )}
              </Autocomplete.Collection>
            </Autocomplete.Group>
          )}
        </Autocomplete.List>
      </div>
    </Autocomplete.Root>
  )
}

function useGroups(search: string): Group[] {
  const api = useApi()
  const router = useRouter()
  const mayOperate = useMayOperate()
  const devices = useQuery({
    ...api.fleet.list.queryOptions({ filter: { search }, limit: 8 }),
    enabled: search !== '',
    placeholderData: (before) => before,
  })
  const projects = useQuery({ ...api.projects.list.queryOptions({}), enabled: search !== '' })
  const go = (href: string) => () => router.push(href)
  const found: Group[] =
    search === ''
      ? []
      : [
          {
            value: 'Devices',
            items: (devices.data?.rows ?? []).map((row) => ({
              id: row.deviceId,
              label: row.name,
              icon: MonitorSmartphone,
              run: go(`/devices/${row.deviceId}`),
            })),
          },
          {
            value: 'Projects',
            items: (projects.data ?? []).map((project) => ({
              id: project.id,
              label: project.name,
              icon: FolderOpen,
              run: go(`/projects/${project.id}`),
            })),
          },
        ]
  return [
    ...found,
    {
      value: 'Go to',
      items: sections.map((section) => ({
        id: section.href,
        label: section.label,
        icon: section.icon,
        run: go(section.href),
      })),
    },
    {
      value: 'Do',
      items: [
        ...(mayOperate ? [{ id: 'add', label: 'Add a device', icon: Plus, run: go('/add-device') }] : []),
        { id: 'light', label: 'Light appearance', icon: Sun, run: () => chooseTheme('light') },
        { id: 'dark', label: 'Dark appearance', icon: Moon, run: () => chooseTheme('dark') },
        { id: 'system', label: 'Appearance as the system has it', icon: Monitor, run: () => chooseTheme(null) },
        { id: 'keys', label: 'Keyboard shortcuts', icon: Search, run: openKeyboardHelp },
      ],
    },
  ].filter((group) => group.items.length > 0)
}
