import { type Courier, type CourierOptions, createCourier } from '../../src/destination/courier.ts'
import type { PutPart } from '../../src/destination/port.ts'

/** A courier whose first part is worth a thread. Whoever makes it closes it. */
export const eagerCourier = (options: Partial<CourierOptions> = {}): Courier =>
  createCourier({
    ...{ maxPartsInFlight: 4, allowInsecure: false, caFile: null, worthThread: 1 },
    proxy: { httpProxy: '', httpsProxy: '', noProxy: '' },
    ...options,
  })

/** Asks until the thread takes it. */
export async function carried(courier: Courier, part: PutPart) {
  for (;;) {
    const outcome = courier.put(part)
    if (outcome !== null) return outcome
    if (part.signal.aborted) throw new Error('it was aborted before the thread took it')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
