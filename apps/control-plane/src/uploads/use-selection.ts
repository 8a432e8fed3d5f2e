'use client'
import { useState } from 'react'
import type { Selection } from '@/ui/data-table.tsx'

/** Which of the loaded rows are chosen. What has left the list is no longer chosen, so that nothing unseen is acted upon. */
export function useSelection<Row>(
  rows: readonly Row[],
  keyOf: (row: Row) => string,
): Selection & { chosenRows: Row[] } {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const chosenRows = rows.filter((row) => chosen.has(keyOf(row)))
  const state = chosenRows.length === 0 ? 'none' : chosenRows.length === rows.length ? 'all' : 'some'
  return {
    chosenRows,
    state,
    has: (key) => chosen.has(key),
    toggle: (key) =>
      setChosen((before) => {
        const next = new Set(before)
        if (!next.delete(key)) next.add(key)
        return next
      }),
    toggleAll: () => setChosen(state === 'all' ? new Set() : new Set(rows.map(keyOf))),
    clear: () => setChosen(new Set()),
  }
}
