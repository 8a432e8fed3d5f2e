'use client'
import { useMutation } from '@tanstack/react-query'
import { CircleUser, Keyboard, LogOut, Monitor, Moon, Sun } from 'lucide-react'
import { useSyncExternalStore } from 'react'
import { signOut } from '@/sign-in/auth-calls.ts'
import { Menu, MenuChoice, MenuItem, MenuSeparator } from '@/ui/menu.tsx'
import { tellFailure } from '@/ui/toasts.tsx'
import { openKeyboardHelp } from './keyboard-help.tsx'
import { chooseTheme, chosenTheme, subscribeTheme } from './theme.ts'
import { useViewer } from './viewer.tsx'

/** Who is signed in, how the page looks, and the way out. */
export function PersonMenu({ isCompact = false }: { isCompact?: boolean }) {
  const viewer = useViewer()
  const theme = useSyncExternalStore(subscribeTheme, chosenTheme, () => null)
  const leave = useMutation({
    mutationFn: signOut,
    onSuccess: () => window.location.assign('/sign-in'),
    onError: tellFailure,
  })
  return (
    <Menu
      align={isCompact ? 'end' : 'start'}
      trigger={
        isCompact ? (
          <button
            type="button"
            aria-label="Account and appearance"
            className="flex size-11 items-center justify-center rounded-md text-ink-2"
          >
            <CircleUser aria-hidden className="size-5" />
          </button>
        ) : (
          <button
            type="button"
            className="flex h-10 w-full items-center gap-2.5 rounded-md px-2 text-left hover:bg-hover"
          >
            <CircleUser aria-hidden className="size-4 shrink-0 text-ink-3" />
            <span className="min-w-0 flex-1">
              <span className="block truncate text-base">{viewer.name}</span>
            </span>
            <span className="text-sm text-ink-3">{viewer.role}</span>
          </button>
        )
      }
    >
      <MenuChoice
        label="Appearance"
        value={theme ?? 'system'}
        onChange={(value) => chooseTheme(value === 'system' ? null : value)}
        choices={[
          { value: 'system', label: 'As the system', icon: <Monitor aria-hidden /> },
          { value: 'light', label: 'Light', icon: <Sun aria-hidden /> },
          { value: 'dark', label: 'Dark', icon: <Moon aria-hidden /> },
        ]}
      />
      <MenuSeparator />
      <MenuItem onClick={openKeyboardHelp}>
        <Keyboard aria-hidden />
        Keyboard shortcuts
      </MenuItem>
      <MenuItem onClick={() => leave.mutate()}>
        <LogOut aria-hidden />
        Sign out
      </MenuItem>
    </Menu>
  )
}
