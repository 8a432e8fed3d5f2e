'use client'
import { CSPProvider } from '@base-ui/react/csp-provider'
import type { Person } from '@rushes/fleet'
import { NuqsAdapter } from 'nuqs/adapters/next/app'
import { type ReactNode, Suspense, useEffect } from 'react'
import { ApiProvider } from '@/api-client/api-provider.tsx'
import { LiveProvider } from '@/live/live-provider.tsx'
import { renewSession } from '@/sign-in/auth-calls.ts'
import { Toasts } from '@/ui/toasts.tsx'
import { CommandPalette } from './command-palette.tsx'
import { KeyboardHelp } from './keyboard-help.tsx'
import { StaleBanner } from './live-mark.tsx'
import { SideBar, TabBar, TopBar } from './navigation.tsx'
import { Shortcuts } from './shortcuts.tsx'
import { ViewerProvider } from './viewer.tsx'

/** Everything around the pages of signed-in people. */
export function Console({ viewer, nonce, children }: { viewer: Person; nonce: string; children: ReactNode }) {
  useEffect(() => void renewSession(), [])
  return (
    <CSPProvider nonce={nonce}>
      <NuqsAdapter>
        <ApiProvider>
          <LiveProvider>
            <ViewerProvider viewer={viewer}>
              <Toasts>
                <a
                  href="#main"
                  className="sr-only z-50 rounded-md bg-accent px-3 py-2 text-on-accent focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
                >
                  Skip to the page
                </a>
                <div className="flex min-h-dvh">
                  <Suspense>
                    <SideBar />
                  </Suspense>
                  <div className="flex min-w-0 flex-1 flex-col">
                    <TopBar />
                    <StaleBanner />
                    <main
                      id="main"
                      tabIndex={-1}
                      className="w-full flex-1 px-6 py-5 outline-none max-md:px-4 max-md:pb-24"
                    >
                      {children}
                    </main>
                  </div>
                </div>
                <Suspense>
                  <TabBar />
                </Suspense>
                <Shortcuts />
                <KeyboardHelp />
                <CommandPalette />
              </Toasts>
            </ViewerProvider>
          </LiveProvider>
        </ApiProvider>
      </NuqsAdapter>
    </CSPProvider>
  )
}
