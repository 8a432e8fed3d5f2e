import '@fontsource-variable/geist/wght.css'
import '@fontsource-variable/geist-mono/wght.css'
import './globals.css'
import type { Metadata, Viewport } from 'next'
import { cookies } from 'next/headers'
import type { ReactNode } from 'react'
import { isTheme, themeCookie } from '@/shell/theme.ts'

export const metadata: Metadata = {
  title: { default: 'Rushes', template: '%s · Rushes' },
  description: 'Every clip off every device, into the right project, provably whole.',
  robots: { index: false, follow: false },
}

export const viewport: Viewport = {
  width: 'device-width',
  initialScale: 1,
  themeColor: [
    { media: '(prefers-color-scheme: light)', color: '#fafaf9' },
    { media: '(prefers-color-scheme: dark)', color: '#0e0f11' },
  ],
}

export default async function RootLayout({ children }: { children: ReactNode }) {
  const chosen = (await cookies()).get(themeCookie)?.value
  return (
    <html lang="en" {...(isTheme(chosen) ? { 'data-theme': chosen } : {})}>
      <body>{children}</body>
    </html>
  )
}
