import { expect, test } from 'vitest'
import { ownPath } from '../src/sign-in/own-path.ts'

test.each(['/fleet', '/clips/6f0c?part=2', '/devices/x?tab=queue&sort=name'])('%s is gone back to', (path) => {
  expect(ownPath(path)).toBe(path)
})

test.each([
  '//evil.example',
  '/\\evil.example',
  '/\t/evil.example',
  '/.//evil.example',
  '/x/..//evil.example',
  '/.\\/evil.example',
  '/%2e//evil.example',
  'https://evil.example',
  'javascript:alert(1)',
  '/sign-in?next=/x',
  ['/fleet', '//evil.example'],
  undefined,
])('%s does not lead to another site, or back to where one is', (wanted) => {
  const path = ownPath(wanted)
  expect(new URL(path, 'https://rushes.example.com').origin).toBe('https://rushes.example.com')
  expect(path).toBe('/fleet')
})
