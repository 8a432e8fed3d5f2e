import { describe, expect, it } from 'vitest'
import { checkAddress } from '../../src/destination/address.ts'
import { createDestination } from '../../src/destination/create-destination.ts'
import { discover } from '../../src/destination/discover.ts'
import { never, newSettings } from './harness.ts'

describe('an address', () => {
  it.each([
    'https://api.frame.io',
    'http://localhost:3002',
    'http://ingest.localhost',
    'http://127.0.0.1:3002',
    'http://127.5.5.5',
    'http://[::1]:3002',
  ])('is used when it is encrypted or stays on this machine: %s', (address) => {
    expect(checkAddress(address, false).kind).toBe('usable')
  })

  it.each([
    'http://ingest.example',
    'http://192.168.1.5:3002',
    'http://127.0.0.1.example',
    'http://localhost.example',
    'http://[::2]',
  ])('is refused when it is neither, unless that was allowed: %s', (address) => {
    expect(checkAddress(address, false)).toEqual({ kind: 'refused', why: 'insecure' })
    expect(checkAddress(address, true).kind).toBe('usable')
  })

  it.each(['', 'ingest', 'ftp://ingest.example', 'https://user:password@ingest.example', 'file:///etc/passwd'])(
    'is refused when it is not one of the web without credentials: "%s"',
    (address) => {
      expect(checkAddress(address, true)).toEqual({ kind: 'refused', why: 'malformed' })
    },
  )

  it('that a person named wrongly ends in an error with code and hint that does not repeat a password', async () => {
    const settings = newSettings()
    const create = (baseUrl: string) => () => createDestination(settings, { baseUrl, isOurs: false })
    expect(create('http://ingest.example/x')).toThrow(
      expect.objectContaining({ code: 'PLAIN_HTTP_REFUSED', hint: expect.stringContaining('--insecure') }),
    )
    expect(create('https://ana:hunter2@ingest.example')).toThrow(
      expect.objectContaining({ code: 'MISUSE', message: expect.not.stringContaining('hunter2') }),
    )
    await expect(discover(settings, 'http://ingest.example', never)).rejects.toMatchObject({
      code: 'PLAIN_HTTP_REFUSED',
    })
  })
})
