import { afterEach, expect, test, vi } from 'vitest'
import type { Bus } from '../../src/bus/bus.ts'
import type { Wake } from '../../src/bus/wake-payload.ts'

/** What every driver of the bus promises. `open` gives another end of the same bus each time. */
export function conformsToBus(open: () => Promise<Bus>): void {
  const opened: Bus[] = []
  const end = async () => {
    const bus = await open()
    opened.push(bus)
    const heard: Wake[] = []
    bus.subscribe((wake) => heard.push(wake))
    await bus.ready(AbortSignal.timeout(10_000))
    return { bus, heard }
  }
  const deviceIds = (heard: Wake[]) => new Set(heard.flatMap((wake) => wake.deviceIds ?? []))

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((bus) => bus.stop()))
  })

  test('what one end publishes, every end hears, itself too', async () => {
    const [a, b] = [await end(), await end()]
    a.bus.publish({ deviceIds: ['d1'], pairing: true })
    for (const { heard } of [a, b]) {
      await vi.waitFor(() => expect(heard).toContainEqual({ deviceIds: ['d1'], pairing: true }), { timeout: 10_000 })
    }
  })

  test('a burst is told in a few messages, and none of it is missing', async () => {
    const [a, b] = [await end(), await end()]
    const ids = Array.from({ length: 1_000 }, (_, n) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`)
    for (const id of ids) a.bus.publish({ deviceIds: [id] })
    await vi.waitFor(() => expect(deviceIds(b.heard)).toEqual(new Set(ids)), { timeout: 10_000 })
    expect(b.heard.length).toBeLessThan(20)
  })

  test('who stops hears nothing more, and what it had to tell is told', async () => {
    const [a, b] = [await end(), await end()]
    a.bus.publish({ deviceIds: ['last'] })
    await a.bus.stop()
    await vi.waitFor(() => expect(deviceIds(b.heard)).toContain('last'), { timeout: 10_000 })
    const count = a.heard.length
    b.bus.publish({ deviceIds: ['after'] })
    await vi.waitFor(() => expect(deviceIds(b.heard)).toContain('after'), { timeout: 10_000 })
    expect(a.heard).toHaveLength(count)
  })

  test('waiting until it is heard ends when one gives up', async () => {
    const bus = await open()
    opened.push(bus)
    const gaveUp = new AbortController()
    const waiting = bus.ready(AbortSignal.any([gaveUp.signal, AbortSignal.timeout(10_000)]))
    gaveUp.abort(new Error('gave up'))
    await waiting.catch((error: unknown) => expect(error).toMatchObject({ message: 'gave up' }))
  })
}
