import { expect, test } from 'vitest'
import { closeCauseCodes, endCauseOf, endCauses, failCauseCodes } from '../src/end-causes.ts'

test.each([...failCauseCodes, ...closeCauseCodes])(
  '%s has a phrase of its own and a sentence that says what to do',
  (code) => {
    const { title, explanation } = endCauses[code]
    expect(title).toMatch(/^[a-z].{5,40}$/)
    expect(explanation).toMatch(/^[A-Z].*\.$/)
    expect(explanation).toMatch(/upload|move the device back/i)
    const others = Object.entries(endCauses).filter(([other]) => other !== code)
    expect(others.map(([, other]) => other.title)).not.toContain(title)
    expect(endCauseOf(code)).toBe(endCauses[code])
  },
)

test('a cause that is newer than this program, and none, have no words', () => {
  expect([endCauseOf('toString'), endCauseOf('fromTheFuture'), endCauseOf(null)]).toEqual([null, null, null])
})
