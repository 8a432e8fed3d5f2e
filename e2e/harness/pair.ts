import type { Device } from './device.ts'
import type { World } from './world.ts'

/** Pairs a device with a project through `rushes-admin`, and starts it. */
export async function pairAndRun(
  world: World,
  device: Device,
  projectId: string,
  ...options: string[]
): Promise<string> {
  const pairing = device.startPairing()
  const approved = await world.admin('pairing', 'approve', await pairing.nextCode(), '--project', projectId)
  await pairing.paired
  await device.run(...options)
  if (typeof approved !== 'object' || approved === null || !('deviceId' in approved))
    throw new Error('pairing approve printed no device')
  return String(approved.deviceId)
}
