'use client'
import { useEffect, useRef } from 'react'
import { isTyping } from '@/shell/is-typing.ts'

/** Does something at the press of Delete, or of Backspace, which is where Macs have it; null: nothing is chosen. */
export function useDeleteKey(act: (() => void) | null): void {
  const latest = useRef(act)
  useEffect(() => {
    latest.current = act
  })
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (isTyping(event) || latest.current === null || (event.key !== 'Delete' && event.key !== 'Backspace')) return
      event.preventDefault()
      latest.current()
    }
    document.addEventListener('keydown', onKeyDown)
    return () => document.removeEventListener('keydown', onKeyDown)
  }, [])
}
