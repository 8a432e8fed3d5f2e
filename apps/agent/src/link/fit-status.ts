import type { DeviceStatus } from '@rushes/protocol'
import { encodedByteCount, maxItemBytes } from './page-snapshot.ts'

const pathLengths = [1_024, 512, 255, 100]

/**
 * The status as it fits one frame. Thirty-two volumes with paths of 4096 characters do not: long paths and labels are then cut at
 * their beginning, where mount points look alike, and at the very last volumes at the end of the list are left out.
 */
export function fitStatus(status: DeviceStatus, maxBytes: number = maxItemBytes): DeviceStatus {
  const fits = (candidate: DeviceStatus) => encodedByteCount(candidate) <= maxBytes
  if (fits(status)) return status
  let fitted = status
  for (const length of pathLengths) {
    const volumes = status.volumes.map((volume) => ({
      ...volume,
      path: keepEnd(volume.path, length),
      label: keepEnd(volume.label, length),
    }))
    fitted = { ...status, volumes }
    if (fits(fitted)) return fitted
  }
  while (fitted.volumes.length > 0 && !fits(fitted)) fitted = { ...fitted, volumes: fitted.volumes.slice(0, -1) }
  return fitted
}

const keepEnd = (text: string, length: number) => (text.length <= length ? text : `…${text.slice(1 - length)}`)
