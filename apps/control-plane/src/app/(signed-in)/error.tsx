'use client'
import { FailureNotice } from '@/ui/failure.tsx'

export default function PageFailed({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return <FailureNotice error={error} onRetry={reset} />
}
