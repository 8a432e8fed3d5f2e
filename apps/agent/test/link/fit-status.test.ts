import { deviceStatus } from '@rushes/protocol'
import { describe, expect, it } from 'vitest'
import { fitStatus } from '../../src/link/fit-status.ts'
import { encodedByteCount, maxItemBytes } from '../../src/link/page-snapshot.ts'
import { createFakePort } from './fake-port.ts'

const statusWith = (count: number, character: string, length: number) => ({
  ...createFakePort(null).status(),
  volumes: Array.from({ length: count }, (_, index) => ({
    id: `volume-${index}`.padEnd(255, character),
    label: character.repeat(Math.min(length, 255)),
    path: `/media/${character.repeat(length - 14)}/card-${index}`.slice(-length),
    sizeBytes: 1,
    freeBytes: 1,
    present: true,
  })),
})

describe('fitStatus', () => {
  it('leaves a status alone that fits', () => {
    const status = statusWith(4, 'a', 300)
    expect(fitStatus(status)).toBe(status)
  })
  it('keeps every volume of 32 with paths of 4096 characters, and the end of each path', () => {
    const fitted = fitStatus(statusWith(32, 'a', 4_096))
    expect(encodedByteCount(fitted)).toBeLessThanOrEqual(maxItemBytes)
    expect(fitted.volumes.map((volume) => volume.path.split('/').at(-1))).toEqual(
      Array.from({ length: 32 }, (_, index) => `card-${index}`),
    )
    expect(deviceStatus.parse(fitted)).toEqual(fitted)
  })
  it('fits even where each character is escaped to six', () => {
    const fitted = fitStatus(statusWith(32, '\u0001', 4_096))
    expect(encodedByteCount(fitted)).toBeLessThanOrEqual(maxItemBytes)
    expect(fitted.volumes.length).toBeGreaterThan(10)
  })
})
