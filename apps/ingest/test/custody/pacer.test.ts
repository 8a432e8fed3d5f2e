import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createPacer } from '../../src/custody/pacer.ts'

const { signal } = new AbortController()

describe('a pacer', () => {
  test('keeps to its rate over every stretch, give or take a burst of a second, and wastes nothing of it', async () => {
    const chunks = fc.array(fc.record({ bytes: fc.integer({ min: 1, max: 5_000 }), restMs: fc.nat(3_000) }), {
      minLength: 1,
    })
    await fc.assert(
      fc.asyncProperty(chunks, async (given) => {
        let nowMs = 0
        const waitMs = async (ms: number) => {
          nowMs += ms
        }
        const pace = createPacer({ bytesPerSecond: 1_000, signal, nowMs: () => nowMs, waitMs })
        const ends: { atMs: number; total: number }[] = []
        let total = 0
        let restMs = 0
        for (const chunk of given) {
          nowMs += chunk.restMs
          restMs += chunk.restMs
          total += chunk.bytes
          await pace(chunk.bytes)
          ends.push({ atMs: nowMs, total })
        }
        for (const [index, from] of ends.entries())
          for (const to of ends.slice(index))
            expect(to.total - from.total).toBeLessThanOrEqual(to.atMs - from.atMs + 1_000 + 1e-6)
        expect(nowMs).toBeLessThanOrEqual(total + restMs + 1e-6)
      }),
    )
  })

  test('that is stopped while it waits says so', async () => {
    const stopping = new AbortController()
    const pace = createPacer({ bytesPerSecond: 1, signal: stopping.signal })
    const waiting = pace(1_000_000)
    stopping.abort()
    await expect(waiting).rejects.toThrow()
    await expect(pace(1)).rejects.toThrow()
  })
})
