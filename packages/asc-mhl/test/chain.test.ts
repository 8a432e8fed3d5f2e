import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { c4FromSha512, readChain, writeChain } from '../src/index.ts'

const c4Of = (bytes: string | Uint8Array) => c4FromSha512(createHash('sha512').update(bytes).digest())
const generation = (number: number, fileName = `000${number}_X_2026-11-22_050000Z.mhl`) => ({
  number,
  fileName,
  c4: c4Of(fileName),
})

describe('a C4 identifier', () => {
  it.each([
    // Of the test vectors of the C4 framework.
    ['', 'c459dsjfscH38cYeXXYogktxf4Cd9ibshE3BHUo6a58hBXmRQdZrAkZzsWcbWtDg5oQstpDuni4Hirj75GEmTc1sFT'],
    ['alfa', 'c43zYcLni5LF9rR4Lg4B8h3Jp8SBwjcnyyeh4bc6gTPHndKuKdjUWx1kJPYhZxYt3zV6tQXpDs2shPsPYjgG81wZM1'],
    ['bravo', 'c42jd8KUQG9DKppN1qt5aWS3PAmdPmNutXyVTb8H123FcuU3shPxpUXsVdcouSALZ4PaDvMYzQSMYCWkb6rop9zhDa'],
  ])('of "%s" is the published one', (content, c4) => {
    expect(c4Of(content)).toBe(c4)
  })

  it('has 90 characters however many zeros the digest begins with', () => {
    expect(c4FromSha512(new Uint8Array(64))).toBe(`c4${'1'.repeat(88)}`)
    expect(c4FromSha512(new Uint8Array(64).fill(255))).toHaveLength(90)
    expect(() => c4FromSha512(new Uint8Array(63))).toThrow(RangeError)
  })
})

describe('a chain file', () => {
  it('gives back its generations in order, whatever their names hold', async () => {
    const generations = [generation(1, '0001_A & "B" <C>.mhl'), generation(2), generation(3)]
    expect(await readChain(writeChain(generations))).toEqual(generations)
    expect(await readChain(writeChain(generations.toReversed()))).toEqual(generations)
  })

  it.each([
    ['a gap', [generation(1), generation(3)]],
    ['a number that is there twice', [generation(1), { ...generation(1), fileName: 'b.mhl' }]],
    ['a manifest in another folder', [generation(1, '../0001.mhl')]],
    ['a digest that is no C4', [{ ...generation(1), c4: 'c4l0O' }]],
  ])('is refused for %s', async (_, generations) => {
    await expect(readChain(writeChain(generations))).rejects.toMatchObject({ code: 'notAscMhl' })
  })
})
