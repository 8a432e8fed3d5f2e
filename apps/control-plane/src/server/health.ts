export type ComponentHealth = 'ok' | 'failing'
export type Health = {
  status: 'ok' | 'failing'
  components: Record<'database' | 'gateway' | 'ingest', ComponentHealth>
}

/** Asks every component at once, each for at most `timeoutMs`; one that does not answer in time is failing. */
export async function checkHealth(
  checks: Record<keyof Health['components'], (signal: AbortSignal) => Promise<void>>,
  timeoutMs: number,
  onFailure: (component: string, error: unknown) => void,
): Promise<Health> {
  const check = async (name: keyof Health['components']): Promise<ComponentHealth> => {
    const signal = AbortSignal.timeout(timeoutMs)
    const tooLate = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    })
    try {
      await Promise.race([checks[name](signal), tooLate])
      return 'ok'
    } catch (error) {
      onFailure(name, error)
      return 'failing'
    }
  }
  const [database, gateway, ingest] = await Promise.all([check('database'), check('gateway'), check('ingest')])
  const components = { database, gateway, ingest }
  return { status: Object.values(components).every((state) => state === 'ok') ? 'ok' : 'failing', components }
}

/** A program is well when its `/health` answers with success. */
export async function askProgram(baseUrl: string, signal: AbortSignal): Promise<void> {
  const response = await fetch(new URL('/health', baseUrl), { signal, cache: 'no-store' })
  await response.body?.cancel()
  if (!response.ok) throw new Error(`/health answered ${response.status}`)
}
