'use client'
import dynamic from 'next/dynamic'
import { useEffect, useState } from 'react'

/** Loaded when it is first asked for: most visits do without. */
const PaletteDialog = dynamic(() => import('./palette.tsx'), { ssr: false })

/** ⌘K, or Ctrl K, from anywhere. */
export function CommandPalette() {
  const [isOpen, setOpen] = useState(false)
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== 'k' || !(event.metaKey || event.ctrlKey) || event.altKey || event.shiftKey) return
      event.preventDefault()
      setOpen((open) => !open)
    }
    document.addEventListener('keydown', onKeyDown)
    return () => document.removeEventListener('keydown', onKeyDown)
  }, [])
  return isOpen ? <PaletteDialog onDone={() => setOpen(false)} /> : null
}
