'use client'
import { Search } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { inputClass } from './field.tsx'

/** Filters as one types, once the fingers rest. `/` jumps here from anywhere on the page. */
export function SearchBox({
  label,
  value,
  onChange,
}: {
  label: string
  value: string
  onChange: (value: string) => void
}) {
  const [text, setText] = useState(value)
  const sent = useRef(value)
  const latest = useRef(onChange)
  latest.current = onChange

  useEffect(() => {
    // The address changed by other means, such as the back button: show what it says.
    if (value !== sent.current) {
      sent.current = value
      setText(value)
    }
  }, [value])

  useEffect(() => {
    if (text === sent.current) return
    const timer = setTimeout(() => {
      sent.current = text
      latest.current(text)
    }, 200)
    return () => clearTimeout(timer)
  }, [text])

  return (
    <div className="relative w-64 max-md:w-full">
      <Search
        aria-hidden
        className="pointer-events-none absolute top-1/2 left-2.5 size-4 -translate-y-1/2 text-ink-3"
      />
      <input
        type="search"
        aria-label={label}
        aria-keyshortcuts="/"
        data-search
        placeholder={label}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') event.currentTarget.blur()
        }}
        className={`${inputClass} pl-8`}
      />
    </div>
  )
}
