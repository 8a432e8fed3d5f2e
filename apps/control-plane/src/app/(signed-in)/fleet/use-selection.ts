'use client'
import { useMemo, useState } from 'react'
import type { Selection } from '@/ui/data-table.tsx'

/** Which rows are selected. Kept by key, so that it survives sorting, filtering and scrolling. */
export function useSelection(loadedKeys: readonly string[]): Selection & { keys: readonly string[] } {
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  return useMemo(() => {
    const loadedCount = loadedKeys.filter((key) => selected.has(key)).length
    const state = loadedCount === 0 ? 'none' : loadedCount === loadedKeys.length ? 'all' : 'some'
    const change = (edit: (next: Set<string>) => void) =>
      setSelected((before) => {
        const next = new Set(before)
        edit(next)
        return next
      })
    return {
      keys: [...selected],
      has: (key) => selected.has(key),
      state,
      toggle: (key) => change((next) => void (next.delete(key) || next.add(key))),
      toggleAll: () =>
        change((next) => {
          for (const key of loadedKeys) {
            if (state === 'all') next.delete(key)
            else next.add(key)
          }
        }),
      clear: () => setSelected(new Set()),
    }
  }, [selected, loadedKeys])
}
