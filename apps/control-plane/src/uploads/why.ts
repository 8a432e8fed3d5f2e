import { endCauseOf, type ReasonCode, reasons, type UploadState } from '@rushes/protocol'

type Told = {
  state: UploadState
  reason: ReasonCode | null
  custody: string | null
  error: { code: string; message: string } | null
  vanishedAt: string | null
}

/** Why a clip is where it is, in a short phrase and in sentences; null when its state says it all. */
export function whyOf(clip: Told): { title: string; explanation: string } | null {
  if (clip.vanishedAt !== null)
    return {
      title: 'no longer listed by the device',
      explanation: 'This is what the device said last; its queue has been rebuilt or trimmed since.',
    }
  if (clip.custody === 'mismatch' && clip.reason === null)
    return {
      title: 'the stored bytes are not what was sent',
      explanation:
        'The stored bytes are not those that the device sent, or no longer. Keep the original; the clip’s page says what happened.',
    }
  if (clip.reason !== null) {
    const { title, explanation } = reasons[clip.reason]
    return { title, explanation }
  }
  // Of a clip that no device reports, the error is the destination's own.
  const cause = endCauseOf(clip.error?.code ?? null)
  if (cause !== null) return cause
  if (clip.error !== null) return { title: clip.error.message || clip.error.code, explanation: clip.error.message }
  return null
}
