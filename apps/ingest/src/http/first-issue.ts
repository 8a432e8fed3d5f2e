import type { z } from 'zod'

/** What is wrong with a body, in one sentence that names the field. */
export function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0]
  if (issue === undefined) return 'the body is not what was expected'
  const field = issue.path.map(String).join('.')
  return field === '' ? 'the body must be a JSON object' : `${field}: ${issue.message}`
}
