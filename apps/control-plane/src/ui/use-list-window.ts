'use client'
import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from 'react'

/** How far below the top of the page the list begins. */
export function useScrollMargin(top: RefObject<HTMLDivElement | null>): number {
  const [margin, setMargin] = useState(0)
  useLayoutEffect(() => {
    const measure = () => {
      const element = top.current
      if (element !== null) setMargin(Math.round(element.getBoundingClientRect().top + window.scrollY))
    }
    measure()
    // What stands above may grow: a banner, a line that wraps.
    const observer = new ResizeObserver(measure)
    observer.observe(document.body)
    return () => observer.disconnect()
  }, [top])
  return margin
}

/** Says once that the last loaded rows come near. */
export function useNearEnd(lastIndex: number, rowCount: number, onNearEnd: (() => void) | undefined): void {
  const latest = useRef(onNearEnd)
  useEffect(() => {
    latest.current = onNearEnd
  })
  useEffect(() => {
    if (rowCount > 0 && lastIndex >= rowCount - 20) latest.current?.()
  }, [lastIndex, rowCount])
}

/** Says which rows are on screen, each time that they change; the keys come joined by commas. */
export function useVisible(keys: string, onVisible: ((keys: readonly string[]) => void) | undefined): void {
  const latest = useRef(onVisible)
  useEffect(() => {
    latest.current = onVisible
  })
  useEffect(() => {
    latest.current?.(keys === '' ? [] : keys.split(','))
  }, [keys])
}
