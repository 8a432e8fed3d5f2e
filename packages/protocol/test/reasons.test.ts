import { describe, expect, it } from 'vitest'
import { reasonCodes, reasons } from '../src/index.ts'

describe('reasons', () => {
  it.each(reasonCodes)('%s says in plain words what it is and what comes next', (code) => {
    const { title, explanation } = reasons[code]
    expect(title.length).toBeGreaterThan(3)
    expect(title.length).toBeLessThanOrEqual(40)
    expect(explanation.endsWith('.')).toBe(true)
  })

  it('never leaves a problem without an action or a sentence that says what to do', () => {
    const silent = reasonCodes.filter(
      (code) =>
        reasons[code].severity === 'problem' &&
        reasons[code].action === 'none' &&
        !/ set | rename |larger than|was not followed/.test(reasons[code].explanation),
    )
    expect(silent).toEqual([])
  })

  it('keeps pause sharing and hold uploads apart in every word', () => {
    for (const code of reasonCodes) {
      const text = `${reasons[code].title} ${reasons[code].explanation}`
      expect(/\bpaus/i.test(text) && /\bhold/i.test(text), code).toBe(false)
    }
  })
})
