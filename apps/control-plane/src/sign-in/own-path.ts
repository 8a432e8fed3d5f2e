/** Where to go after signing in: a path of this site, whatever the address asks for. */
export function ownPath(wanted: unknown): string {
  if (typeof wanted !== 'string' || !wanted.startsWith('/')) return '/fleet'
  // Browsers read backslashes as slashes, and two slashes as the start of another host.
  const base = 'http://own.invalid'
  if (!URL.canParse(wanted, base)) return '/fleet'
  const url = new URL(wanted, base)
  // Two slashes may also be what is left once `/.` and the like are resolved.
  const isOwn = url.origin === base && !url.pathname.startsWith('//')
  return isOwn && !url.pathname.startsWith('/sign-in') ? url.pathname + url.search : '/fleet'
}
