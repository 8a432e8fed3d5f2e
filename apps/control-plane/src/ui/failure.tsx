'use client'
import type { AppRouter } from '@rushes/api'
import { TRPCClientError } from '@trpc/client'
import { CircleAlert } from 'lucide-react'
import { Button } from './button.tsx'

export type FailureWords = { message: string; hint: string; requestId: string | null; fault: string | null }

/** What went wrong and what to do, in words, from whatever was thrown. */
export function failureWords(error: unknown): FailureWords {
  if (isApiError(error)) {
    if (error.data) {
      const { fault, hint, requestId, code } = error.data
      const fallback =
        code === 'INTERNAL_SERVER_ERROR' ? 'Try again; if it stays, the id below is in the server’s log.' : ''
      return { message: error.message, hint: hint ?? fallback, fault, requestId: hint === null ? requestId : null }
    }
    // No answer of ours: the request did not get through, or something else answered.
    return {
      message: 'The server cannot be reached.',
      hint: 'Nothing was changed that is not shown. It is tried again by itself.',
      requestId: null,
      fault: null,
    }
  }
  return {
    message: 'Something went wrong in this page.',
    hint: error instanceof Error ? error.message : String(error),
    requestId: null,
    fault: null,
  }
}

function isApiError(error: unknown): error is TRPCClientError<AppRouter> {
  return error instanceof TRPCClientError
}

export function FailureNotice({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { message, hint, requestId } = failureWords(error)
  return (
    <div role="alert" className="flex items-start gap-3 rounded-lg border border-line bg-bad-soft px-4 py-3">
      <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-bad" />
      <div className="min-w-0 flex-1">
        <p className="font-medium">{message}</p>
        {hint !== '' && <p className="text-ink-2">{hint}</p>}
        {requestId !== null && <p className="mt-1 font-mono text-sm text-ink-2">{requestId}</p>}
      </div>
      {onRetry !== undefined && <Button onClick={onRetry}>Try again</Button>}
    </div>
  )
}
