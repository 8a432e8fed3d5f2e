import { c2cErrors, detailedError, simpleError } from '@rushes/protocol'
import type { HostileReply } from './perform.ts'
import type { Hostile } from './requests.ts'

/** What may be answered, whatever is asked. */
const documented = new Set([200, 204, 304, 400, 401, 402, 403, 404, 408, 409, 411, 413, 415, 416, 422, 429, 431])
const insides = /node_modules|\.ts:|at \w+ \(|select |insert into|relation "|violates|postgres|ECONN|ENOENT|\/tmp\//i

/** What is wrong with an answer; null when nothing is. */
export function problemOf(hostile: Hostile, reply: HostileReply | 'broken'): string | null {
  if (reply === 'broken') return 'the connection ended without an answer'
  const { status, text } = reply
  const isPart = hostile.method === 'PUT' && hostile.path.startsWith('/parts/')
  if (insides.test(text)) return 'something of the inside shows'
  if (status === 500)
    return text === JSON.stringify(c2cErrors.somethingWentWrong) && /^\/v2\/(devices\/)?assets$/.test(hostile.path)
      ? null
      : 'a 500 that is not the documented one'
  // Of two PUTs of one part at once, one may be told to come again.
  if (status === 503 && isPart) return text.includes('<Code>SlowDown</Code>') ? null : 'a 503 that is not SlowDown'
  // A machine under load may not look at its store in time, and says so.
  if (status === 503 && hostile.path === '/health')
    return text.includes('"unavailable"') ? null : 'a 503 that says nothing'
  if (!documented.has(status)) return `${status} is not documented`
  if (status < 400) return null
  return isPart ? partProblem(text) : bodyProblem(status, text)
}

const partProblem = (text: string) =>
  text.startsWith('{') || /^<\?xml [^>]*>\n<Error><Code>\w+<\/Code><Message>[^<]+<\/Message>/.test(text)
    ? null
    : 'an error of a part that is no XML'

function bodyProblem(status: number, text: string): string | null {
  const body = parsed(text)
  if (simpleError.safeParse(body).success) return null
  const detailed = detailedError.safeParse(body)
  if (!detailed.success) return 'an error of neither shape'
  return detailed.data.code === status ? null : 'an error whose code is not its status'
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null // no shape at all, which the caller says
  }
}
