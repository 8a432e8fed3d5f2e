'use client'
import { useSyncExternalStore } from 'react'

/**
 * One clock for all ages on the page. It runs on the server's time, as far as it is known: a browser whose clock is wrong
 * must not make a status look older or younger than it is.
 */
let offsetMs = 0
let tickAtMs = 0
let timer: ReturnType<typeof setInterval> | undefined
const listeners = new Set<() => void>()

/** The server's time as best known here. */
function serverNowMs(): number {
  return Date.now() + offsetMs
}

/** Learns the server's time from something that it has just said. */
export function learnServerTime(iso: string): void {
  const heard = Date.parse(iso) - Date.now()
  // Differences of a second are the way of the message, not the clocks.
  if (Math.abs(heard - offsetMs) > 1_500) offsetMs = heard
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  timer ??= setInterval(() => {
    tickAtMs = serverNowMs()
    for (const each of listeners) each()
  }, 1_000)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

function current(): number {
  // Stable between ticks, as React asks; fresh when nobody was looking for a while.
  if (Math.abs(serverNowMs() - tickAtMs) >= 1_000) tickAtMs = serverNowMs()
  return tickAtMs
}

/** The server's time, once a second; null while the page is still the server's own drawing, whose zone is not the viewer's. */
export function useNowMs(): number | null {
  return useSyncExternalStore<number | null>(subscribe, current, () => null)
}
