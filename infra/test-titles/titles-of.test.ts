import { expect, test } from 'vitest'
import { begins, titlesOf } from './titles-of.ts'

const source = `
// a title in a comment
const cases = [['a part whose reply is lost', 1], ['a create', 2]] as const
const message = 'a text that is no title'
test('runs on its own', () => expect('an expectation').toBe('an expectation'))
test.skip('is skipped', () => undefined)
test.todo('is to be written')
test.skipIf(!isRoot).for(cases)('%s is not sent again', () => undefined)
describe.skip('a suite that is skipped', () => { test('lies in a skipped suite', () => undefined) })
describe('a suite', () => { test.for([1, 2])('has %d bounds', () => undefined) })
test(\`was \${how} once\`, () => undefined)
`
const titles = titlesOf('x.test.ts', source)
const isShown = (text: string) => titles.some((title) => begins(text, title))

test.for([
  'runs on its own',
  'runs on',
  'a part whose reply is lost',
  'a create is not sent',
  '%s is not sent again',
  'has %d bounds',
  'has 2 bounds',
  'was %s once',
])('%j is the beginning of a title that runs', (text) => expect(isShown(text)).toBe(true))

test.for([
  '',
  'a title in a comment',
  'a text that is no title',
  'an expectation',
  'own',
  'runs on its own, and more',
  'is skipped',
  'is to be written',
  'lies in a skipped suite',
  'a suite',
  'another thing is not sent',
  'has many bounds',
])('%j is none', (text) => expect(isShown(text)).toBe(false))
