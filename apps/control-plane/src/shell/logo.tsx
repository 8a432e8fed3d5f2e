/** A strip of film, going home. */
export function Logo() {
  return (
    <svg aria-hidden viewBox="0 0 20 20" className="size-5 shrink-0 text-accent">
      <path fill="currentColor" d="M4 1h12a3 3 0 0 1 3 3v12a3 3 0 0 1-3 3H4a3 3 0 0 1-3-3V4a3 3 0 0 1 3-3Z" />
      <g className="fill-surface">
        <path d="M3.4 4h2v2h-2zM3.4 9h2v2h-2zM3.4 14h2v2h-2zM14.6 4h2v2h-2zM14.6 9h2v2h-2zM14.6 14h2v2h-2z" />
        <path d="m10 5.2 3.6 4.1h-2.4v5.3H8.8V9.3H6.4z" />
      </g>
    </svg>
  )
}
