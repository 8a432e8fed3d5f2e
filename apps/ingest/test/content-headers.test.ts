import { expect, test } from 'vitest'
import { inlineType } from '../src/http/content-headers.ts'

test.each(['video/mp4', 'audio/wav', 'image/jpeg', 'Video/QuickTime; codecs=avc1'])(
  '%s is shown in the page',
  (type) => {
    expect(inlineType(type)).toBe(type.split(';')[0]?.toLowerCase())
  },
)

test.each([
  'text/html',
  'application/xhtml+xml',
  'image/svg+xml',
  'video/x+xml', // browsers take any type that ends so for a document
  'AUDIO/x+XML; charset=utf-8',
  'application/pdf',
  '',
])('%s is only saved, never shown', (type) => {
  expect(inlineType(type)).toBeNull()
})
