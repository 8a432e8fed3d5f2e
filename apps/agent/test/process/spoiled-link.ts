import { type HttpFaultProxy, startHttpFaultProxy } from '@rushes/test-kit'
import { atEnd, type Device, pairDevice, startDevice } from './agent-process.ts'

/** A device all of whose bytes to and from the destination pass a proxy that can spoil them. */
export type DeviceBehindProxy = Device & { proxy: HttpFaultProxy }

export async function startDeviceBehindProxy(
  options: NonNullable<Parameters<typeof startDevice>[0]> = {},
): Promise<DeviceBehindProxy> {
  const device = await startDevice({ ...options, paired: false })
  const proxy = await startHttpFaultProxy({ upstream: device.server.url })
  atEnd(() => proxy.close())
  await pairDevice(device, proxy.url)
  return { ...device, proxy }
}

/** What the proxy calls the requests that a fault is meant for. */
export const requestsFor = {
  part: { method: 'PUT', path: '/parts/' },
  /** Of the first asset; the parts beside it arrive. */
  secondPart: { method: 'PUT', path: /^\/parts\/asset-1\/2\?/ },
  create: { method: 'POST', path: /^\/v2\/devices\/assets$/ },
  custody: { method: 'PUT', path: /\/custody$/ },
  everything: {},
} as const
