'use client'
import { useEffect, useRef, useState } from 'react'
import { isTyping } from '@/shell/is-typing.ts'

/**
 * Moves a cursor through the rows of a list: `j` and `k` from anywhere on the page, arrows, Home and End within it. The row
 * under the cursor has the focus, so that a screen reader follows; `reveal` brings it on screen before.
 */
export function useRowKeys(options: {
  rowCount: number
  reveal: (index: number) => void
  onOpen?: ((index: number) => void) | undefined
  onSelect?: ((index: number) => void) | undefined
  onSelectNone?: (() => void) | undefined
}): { container: React.RefObject<HTMLDivElement | null>; cursor: number; onRowFocus: (index: number) => void } {
  const container = useRef<HTMLDivElement | null>(null)
  const [cursor, setCursor] = useState(0)
  const state = useRef({ ...options, cursor })
  useEffect(() => {
    state.current = { ...options, cursor }
  })

  useEffect(() => {
    const moveTo = (index: number) => {
      const { rowCount, reveal } = state.current
      const next = Math.max(0, Math.min(rowCount - 1, index))
      if (rowCount === 0) return
      setCursor(next)
      reveal(next)
      focusRow(container, next)
    }
    const onKeyDown = (event: KeyboardEvent) => {
      if (isTyping(event)) return
      const { cursor, rowCount, onOpen, onSelect, onSelectNone } = state.current
      const isInside = event.target instanceof Node && container.current?.contains(event.target) === true
      const isOnRow = event.target instanceof HTMLElement && event.target.dataset.rowIndex !== undefined
      const step = stepOf(event.key, isInside)
      if (step !== null) {
        event.preventDefault()
        // The first press finds the cursor where it was; only the next one moves it.
        const from = isInside ? cursor : step > 0 ? cursor - 1 : cursor + 1
        return moveTo(
          step === Number.POSITIVE_INFINITY ? rowCount - 1 : step === Number.NEGATIVE_INFINITY ? 0 : from + step,
        )
      }
      if (event.key === 'x' && isInside && onSelect !== undefined) {
        event.preventDefault()
        onSelect(cursor)
      }
      if (event.key === 'Enter' && isOnRow && onOpen !== undefined) {
        event.preventDefault()
        onOpen(cursor)
      }
      if (event.key === 'Escape') onSelectNone?.()
    }
    document.addEventListener('keydown', onKeyDown)
    return () => document.removeEventListener('keydown', onKeyDown)
  }, [])

  return { container, cursor: Math.min(cursor, Math.max(0, options.rowCount - 1)), onRowFocus: setCursor }
}

function stepOf(key: string, isInside: boolean): number | null {
  if (key === 'j') return 1
  if (key === 'k') return -1
  if (!isInside) return null
  if (key === 'ArrowDown') return 1
  if (key === 'ArrowUp') return -1
  if (key === 'Home') return Number.NEGATIVE_INFINITY
  if (key === 'End') return Number.POSITIVE_INFINITY
  return null
}

/** A row that was just brought on screen is drawn within a frame or two. */
function focusRow(container: React.RefObject<HTMLDivElement | null>, index: number, framesLeft = 5): void {
  const row = container.current?.querySelector<HTMLElement>(`[data-row-index="${index}"]`)
  if (row) row.focus({ preventScroll: true })
  else if (framesLeft > 0) requestAnimationFrame(() => focusRow(container, index, framesLeft - 1))
}
