import type { z } from 'zod'

type InputWords = {
  /** Which field it is, and what is the matter with it, for the person at the screen. */
  message: string
  /** What they can do about it. */
  hint: string
}

/** What an input that does not fit means to a person. Its first fault only: forms name theirs before they are sent. */
export function wordsForInput(error: z.ZodError): InputWords {
  const [issue] = error.issues
  const name = issue?.path.findLast((step) => typeof step === 'string')
  const subject = name === undefined ? 'Something that was sent' : `“${spoken(name)}”`
  if (issue?.code === 'too_big' && issue.origin === 'string')
    return { message: `${subject} is too long.`, hint: `Take at most ${issue.maximum} characters.` }
  if (issue?.code === 'too_big' && issue.origin === 'array')
    return { message: `${subject}: too many at once.`, hint: `Take at most ${issue.maximum} at a time.` }
  if (issue?.code === 'too_small' && (issue.origin === 'string' || issue.origin === 'array'))
    return { message: `${subject} is missing.`, hint: 'Fill it in, then try again.' }
  return {
    message: `${subject} cannot be used.`,
    hint: 'Change it, then try again. If you did not fill it in, reload the page.',
  }
}

/** `projectId` is spoken `Project id`. */
function spoken(name: string): string {
  const words = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
  return words.charAt(0).toUpperCase() + words.slice(1)
}
