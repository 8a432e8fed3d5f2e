import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseGatewayFrame } from '../../src/link/parse-gateway-frame.ts'

describe('parseGatewayFrame', () => {
  it('reads a frame', () => {
    expect(parseGatewayFrame('{"type":"eventsStored","lastSeq":3}')).toEqual({
      kind: 'frame',
      frame: { type: 'eventsStored', lastSeq: 3 },
    })
  })
  it('passes over a type of a newer gateway', () => {
    expect(parseGatewayFrame('{"type":"setClock"}')).toEqual({ kind: 'unknownType', frameType: 'setClock' })
  })
  it('names the place of a fault and does not repeat the content', () => {
    const parsed = parseGatewayFrame('{"type":"eventsStored","lastSeq":"topsecret"}')
    expect(parsed).toEqual({ kind: 'malformed', problem: 'eventsStored: invalid lastSeq' })
  })
  it('lets a command of an unknown kind through, to be answered', () => {
    const command = {
      type: 'command',
      executionId: '7b0c1a52-6f6c-4f0a-9a25-111111111111',
      commandId: '7b0c1a52-6f6c-4f0a-9a25-222222222222',
      issuedAt: '2026-11-22T12:00:00Z',
      expiresAt: null,
      body: { kind: 'makeCoffee', sugar: true },
    }
    expect(parseGatewayFrame(JSON.stringify(command)).kind).toBe('frame')
  })
  it('never throws, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.jsonValue().map((value) => JSON.stringify({ type: value })),
        ),
        (text) => {
          expect(['frame', 'unknownType', 'malformed']).toContain(parseGatewayFrame(text).kind)
        },
      ),
    )
  })
})
