import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { bufferSizeBytes } from '../../src/destination/part-body.ts'
import { type OpenFile, openOnDisk } from '../../src/destination/part-source.ts'
import { putPart } from '../../src/destination/put-part.ts'
import { faults } from '../simulated-destination/fault.ts'
import { clipOf, largeClip, withOneConnection } from './clips-to-send.ts'
import { partOf, patternedBytes } from './harness.ts'

describe('putPart, when nothing moves or it is told to stop', () => {
  it('gives up as stalled when no byte is taken for the stall limit', async () => {
    const { destination, server, path, clip } = await largeClip(64_000_000)
    server.inject(faults.stallMidBody(1), { operation: 'part' })

    const outcome = await destination.putPart(await partOf(path, clip.uploadUrls[0], { stallMs: 300, replyMs: 60_000 }))

    expect(outcome).toEqual({ kind: 'failed', failure: { kind: 'stalled' } })
    expect(server.requestsOf('part')[0]?.bodyBytes).toBeLessThan(64_000_000)
  })

  it('gives up as stalled when the reply does not come, though every byte was taken', async () => {
    const { destination, server, path, clip } = await clipOf(patternedBytes(1_000))
    server.inject(faults.stallReply, { operation: 'part' })

    const outcome = await destination.putPart(await partOf(path, clip.uploadUrls[0], { stallMs: 60_000, replyMs: 200 }))

    expect(outcome).toEqual({ kind: 'failed', failure: { kind: 'stalled' } })
  })

  it('waits for the reply to a large part for as long as a slow disk takes to store it', async () => {
    const { destination, server, path, clip } = await largeClip(64_000_000)
    server.inject(faults.latency(1_500), { operation: 'part' })

    const outcome = await destination.putPart(await partOf(path, clip.uploadUrls[0], { stallMs: 500 }))

    expect(outcome.kind).toBe('stored')
  })

  it('does not count the wait for a connection as a stall', async () => {
    const { destination, server, path, clip } = await withOneConnection()
    const held = server.inject(faults.stallReply, { operation: 'part' })
    const first = destination.putPart(await partOf(path, clip.uploadUrls[0], { stallMs: 1_500 }))
    await held.firstHit

    const second = await destination.putPart(await partOf(path, clip.uploadUrls[0], { stallMs: 700 }))

    expect(await first).toEqual({ kind: 'failed', failure: { kind: 'stalled' } })
    expect(second.kind).toBe('stored')
  })

  it('ends as aborted, and stops sending, as soon as the signal says so', async () => {
    const { destination, server, path, clip } = await largeClip(400_000_000)
    const stop = new AbortController()
    let takenBytes = 0
    let takenAfterAbort = 0
    const onBytes = (byteCount: number) => {
      takenBytes += byteCount
      if (stop.signal.aborted) takenAfterAbort += 1
      else if (takenBytes > 20_000_000) stop.abort()
    }

    const outcome = await destination.putPart(await partOf(path, clip.uploadUrls[0], { signal: stop.signal, onBytes }))

    expect(outcome).toEqual({ kind: 'aborted' })
    await server.until(() => server.requests.every((request) => request.ended), 'the request ends')
    expect(takenAfterAbort).toBe(0)
    expect(server.requestsOf('part')[0]?.bodyBytes).toBeLessThan(22_000_000)
    expect(server.completedAssets()).toEqual([])
  })

  it('ends as aborted at once while the server keeps its reply back', async () => {
    const { destination, server, path, clip } = await clipOf(patternedBytes(1_000))
    const held = server.inject(faults.stallReply, { operation: 'part' })
    const stop = new AbortController()
    const sent = destination.putPart(await partOf(path, clip.uploadUrls[0], { signal: stop.signal }))
    await held.firstHit
    stop.abort()

    expect(await sent).toEqual({ kind: 'aborted' })
  })

  it('ends as aborted at once while it waits for a connection', async () => {
    const { destination, server, dispatcher, path, clip } = await withOneConnection()
    const held = server.inject(faults.stallReply, { operation: 'part' })
    const first = destination.putPart(await partOf(path, clip.uploadUrls[0]))
    await held.firstHit
    const requests = vi.spyOn(dispatcher, 'dispatch')
    const stop = new AbortController()
    const second = destination.putPart(await partOf(path, clip.uploadUrls[0], { signal: stop.signal }))
    await expect.poll(() => requests.mock.calls.length).toBe(1)
    stop.abort()

    expect(await second).toEqual({ kind: 'aborted' })
    held.remove()
    expect((await first).kind).toBe('stored')
    expect(server.requestsOf('part').length).toBe(1)
  })

  it.each([
    ['before', () => AbortSignal.abort()],
    ['after', () => AbortSignal.timeout(20)],
  ])('ends as aborted when the medium hangs already at opening and the signal came %s', async (_when, signal) => {
    const { settings, path, clip } = await clipOf(patternedBytes(1_000))
    const hanging = () => new Promise<never>(() => undefined)

    const outcome = await putPart(settings, await partOf(path, clip.uploadUrls[0], { signal: signal() }), hanging)

    expect(outcome).toEqual({ kind: 'aborted' })
  })

  it('sends nothing when the signal had been given before', async () => {
    const { destination, server, path, clip } = await clipOf(patternedBytes(1_000))

    expect(await destination.putPart(await partOf(path, clip.uploadUrls[0], { signal: AbortSignal.abort() }))).toEqual({
      kind: 'aborted',
    })
    expect(server.requestsOf('part')).toEqual([])
  })

  it.each([
    ['chunk by chunk', 4 * bufferSizeBytes],
    ['at once', 1_000],
  ])(
    'ends as stalled, and lets go of the file later, when the medium hangs while it is read %s',
    async (_how, size) => {
      const { settings, path, clip } = await clipOf(patternedBytes(size))
      const hang = () => new Promise<never>(() => undefined)
      const hanging: OpenFile = async (file) => {
        const opened = await openOnDisk(file)
        onTestFinished(() => opened.close())
        return { ...opened, read: hang, close: hang }
      }

      const outcome = await putPart(settings, await partOf(path, clip.uploadUrls[0], { stallMs: 200 }), hanging)

      expect(outcome).toEqual({ kind: 'failed', failure: { kind: 'stalled' } })
    },
  )
})
