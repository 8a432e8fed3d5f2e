import { z } from 'zod'

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

const programHealth = z.object({ conditions: z.array(z.string().max(100)).max(20).default([]) })

/** A program is well when its `/health` answers with success. Returns what it tells operators of nevertheless, by code. */
export async function askProgram(baseUrl: string, signal: AbortSignal): Promise<string[]> {
  const response = await fetch(new URL('/health', baseUrl), { signal, cache: 'no-store' })
  const body: unknown = await response.json().catch(() => null) // success is all that is asked of it
  if (!response.ok) throw new Error(`/health answered ${response.status}`)
  const told = programHealth.safeParse(body)
  return told.success ? told.data.conditions : []
}
