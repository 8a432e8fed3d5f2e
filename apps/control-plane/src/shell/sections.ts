import { FolderOpen, History, type LucideIcon, MonitorSmartphone, OctagonAlert, Send, Upload } from 'lucide-react'

export type Section = { href: string; label: string; icon: LucideIcon; key: string }

/** The places of the console, in the order of the questions they answer. `key`: pressed after `g`. */
export const sections: readonly Section[] = [
  { href: '/fleet', label: 'Fleet', icon: MonitorSmartphone, key: 'f' },
  { href: '/uploads', label: 'Uploads', icon: Upload, key: 'u' },
  { href: '/uploads?show=attention', label: 'Needs attention', icon: OctagonAlert, key: 'n' },
  { href: '/projects', label: 'Projects', icon: FolderOpen, key: 'p' },
  { href: '/commands', label: 'Commands', icon: Send, key: 'c' },
  { href: '/activity', label: 'Activity', icon: History, key: 'a' },
]

/** Which place a path belongs to; pages of single devices and clips belong to their lists. */
export function sectionOf(path: string, search: URLSearchParams): string | null {
  if (path.startsWith('/devices') || path.startsWith('/add-device')) return '/fleet'
  if (path.startsWith('/clips')) return '/uploads'
  if (path === '/uploads' && search.get('show') === 'attention') return '/uploads?show=attention'
  return sections.find(({ href }) => path === href || path.startsWith(`${href}/`))?.href ?? null
}
