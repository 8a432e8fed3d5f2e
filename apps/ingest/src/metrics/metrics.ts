import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

export type Metrics = {
  /** Everything, as text for Prometheus. */
  expose(): Promise<{ contentType: string; text: string }>
  answered(request: { method: string; route: string; status: number; durationMs: number }): void
  receivedPart(bytes: number): void
  assembled(result: 'available' | 'bytesLost', lagMs: number): void
  verified(result: 'verified' | 'mismatch'): void
  /** Bytes of stored clips that were read again. */
  readAgain(bytes: number): void
  /** A stored clip was read again to its end: it is what it was, is so again, or is not. */
  scrubbed(result: 'sound' | 'restored' | 'mismatch'): void
  abandoned(count: number): void
  /** Figures that are looked up now and then. */
  set(figure: Figure, value: number): void
}

const figures = {
  openUploads: 'Uploads that are not whole yet',
  roomBytes: 'What more the store may take in; not there where nothing limits it',
  keeper: 'Whether this program keeps the folder of the store: writes in place, assembles, tidies up',
  oldestCheckAgeSeconds: 'For how long that stored clip has not been read whose reading is longest ago',
  draining: 'Whether this program is about to stop',
  storeLow: 'Whether there is little room left in the store',
  storeFull: 'Whether there is no room left in the store',
  storeUnusable: 'Whether the store cannot be used',
} as const
export type Figure = keyof typeof figures

/** What this program counts. Routes are named by their patterns, never by addresses: a signed URL is a credential. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const requests = new Counter({
    name: 'rushes_ingest_requests_total',
    help: 'Requests that were answered',
    labelNames: ['method', 'route', 'status'],
    registers,
  })
  const requestSeconds = new Histogram({
    name: 'rushes_ingest_request_duration_seconds',
    help: 'From the head of a request to the end of its answer; for parts this is the length of the transfer',
    labelNames: ['route'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60, 600, 3_600],
    registers,
  })
  const partBytes = new Counter({
    name: 'rushes_ingest_part_bytes_total',
    help: 'Bytes of parts that were acknowledged',
    registers,
  })
  const parts = new Counter({ name: 'rushes_ingest_parts_total', help: 'Parts that were acknowledged', registers })
  const assemblies = new Counter({
    name: 'rushes_ingest_assemblies_total',
    help: 'Clips that were put together, and those of which acknowledged bytes were gone',
    labelNames: ['result'],
    registers,
  })
  const lagSeconds = new Histogram({
    name: 'rushes_ingest_available_lag_seconds',
    help: 'From the last part of a clip to the clip being available',
    buckets: [0.02, 0.05, 0.1, 0.2, 0.5, 1, 5, 30, 300],
    registers,
  })
  const verifications = new Counter({
    name: 'rushes_ingest_verifications_total',
    help: 'Clips that were read back and compared with what their devices sent',
    labelNames: ['result'],
    registers,
  })
  const readAgainBytes = new Counter({
    name: 'rushes_ingest_scrub_bytes_total',
    help: 'Bytes of stored clips that were read again',
    registers,
  })
  const scrubs = new Counter({
    name: 'rushes_ingest_scrubs_total',
    help: 'Stored clips that were read again and compared: sound, restored (sound again), or a mismatch',
    labelNames: ['result'],
    registers,
  })
  // There from the beginning: an alert on a first difference needs a 0 to count from.
  for (const result of ['sound', 'restored', 'mismatch']) scrubs.inc({ result }, 0)
  const abandonedCount = new Counter({
    name: 'rushes_ingest_abandoned_uploads_total',
    help: 'Uploads that were given up by their devices and closed',
    registers,
  })
  const gauges = new Map<Figure, Gauge>()
  return {
    async expose() {
      return { contentType: registry.contentType, text: await registry.metrics() }
    },
    answered({ method, route, status, durationMs }) {
      requests.inc({ method, route, status })
      requestSeconds.observe({ route }, durationMs / 1_000)
    },
    receivedPart(bytes) {
      parts.inc()
      partBytes.inc(bytes)
    },
    assembled(result, lagMs) {
      assemblies.inc({ result })
      if (result === 'available') lagSeconds.observe(lagMs / 1_000)
    },
    verified: (result) => verifications.inc({ result }),
    readAgain: (bytes) => readAgainBytes.inc(bytes),
    scrubbed: (result) => scrubs.inc({ result }),
    abandoned: (count) => abandonedCount.inc(count),
    set(figure, value) {
      // Made when it is first known: a figure that nobody has looked up yet is not 0.
      const name = `rushes_ingest_${figure.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`
      const gauge = gauges.get(figure) ?? new Gauge({ name, help: figures[figure], registers })
      gauges.set(figure, gauge)
      gauge.set(value)
    },
  }
}
