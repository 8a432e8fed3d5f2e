/** What `capture` counts as left out, in words. A code that is not here yet is shown as it is. */
const words: Record<string, string> = {
  hidden: 'hidden',
  system: "an operating system's own",
  temporary: 'by a temporary name',
  byRule: 'by include and exclude',
  links: 'linked',
  unreadable: 'unreadable',
}

/** How many names of the watch folders are not picked up, and why; a folder counts as one. Null when there are none, or nobody looks. */
export function leftOutText(counts: Record<string, number> | null): string | null {
  const told = Object.entries(counts ?? {}).filter(([, count]) => count > 0)
  return told.length === 0 ? null : told.map(([why, count]) => `${count} ${words[why] ?? why}`).join(', ')
}
