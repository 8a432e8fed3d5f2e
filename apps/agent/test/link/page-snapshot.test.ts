import { agentFrame, maxLinkMessageBytes, uploadReport as uploadReportSchema } from '@rushes/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodedByteCount, maxItemBytes, takeFitting } from '../../src/link/page-snapshot.ts'
import { uploadReport } from './fake-port.ts'

// One to six bytes each as they go over the wire; the last is half of a pair.
const character = fc.constantFrom('a', '"', 'é', '漢', '😀', '\u0001', '\ud800')

describe('takeFitting', () => {
  it('takes the longest beginning that fits count and bytes, and always one', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: character, maxLength: 40 }), { maxLength: 30 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 2, max: 400 }),
        (items, maxCount, maxBytes) => {
          const taken = takeFitting(items, { maxCount, maxBytes })
          expect(taken).toEqual(items.slice(0, taken.length))
          if (items.length > 0) expect(taken.length).toBeGreaterThan(0)
          expect(taken.length).toBeLessThanOrEqual(maxCount)
          if (taken.length > 1) expect(encodedByteCount(taken)).toBeLessThanOrEqual(maxBytes + 1)
          const next = items.slice(0, taken.length + 1)
          const isCutByBytes = taken.length < maxCount && taken.length < items.length
          if (isCutByBytes) expect(encodedByteCount(next)).toBeGreaterThan(maxBytes)
        },
      ),
    )
  })

  it('fits the largest upload that the schema allows, whatever its characters become in JSON', () => {
    const largest = uploadReportSchema.parse({
      ...uploadReport(1, '\u0001'.repeat(4_096)),
      id: '\u0001'.repeat(64),
      projectId: '\u0001'.repeat(64),
      assetId: '\u0001'.repeat(64),
      error: { code: '\u0001'.repeat(64), message: '\u0001'.repeat(500) },
      capturedAt: '2026-11-22T11:59:00.123456789012345678901234567890Z',
    })
    expect(encodedByteCount(largest)).toBeLessThan(maxItemBytes)
    const uploads = takeFitting([largest, largest, largest], { maxCount: 100 })
    const frame = agentFrame.parse({ type: 'snapshotUploads', snapshotId: 'x'.repeat(64), uploads })
    expect(encodedByteCount(frame)).toBeLessThanOrEqual(maxLinkMessageBytes)
  })
})
