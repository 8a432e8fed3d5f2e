'use client'
import { useRouter } from 'next/navigation'
import { useEffect } from 'react'
import { isTyping } from './is-typing.ts'
import { openKeyboardHelp } from './keyboard-help.tsx'
import { sections } from './sections.ts'

const chordMs = 1_200

/** The keys that work on every page. */
export function Shortcuts() {
  const router = useRouter()
  useEffect(() => {
    let chordUntilMs = 0
    const onKeyDown = (event: KeyboardEvent) => {
      if (isTyping(event)) return
      if (performance.now() < chordUntilMs) {
        chordUntilMs = 0
        const section = sections.find(({ key }) => key === event.key)
        if (section === undefined) return
        event.preventDefault()
        return router.push(section.href)
      }
      if (event.key === 'g') chordUntilMs = performance.now() + chordMs
      if (event.key === '?') openKeyboardHelp()
      if (event.key === '/') {
        const search = document.querySelector<HTMLInputElement>('[data-search]')
        if (search === null) return
        event.preventDefault()
        search.focus()
        search.select()
      }
    }
    document.addEventListener('keydown', onKeyDown)
    return () => document.removeEventListener('keydown', onKeyDown)
  }, [router])
  return null
}
