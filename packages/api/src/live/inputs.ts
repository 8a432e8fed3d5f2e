import { z } from 'zod'

/** `lastEventId` is filled in by the browser's own reconnection (tRPC's `tracked`). */
const resumable = { lastEventId: z.string().max(128).nullish() }

export const fleetInput = z
  .object({
    ...resumable,
    /** The rows on screen: these devices report every second. Absent: all of a small fleet do. */
    visibleDeviceIds: z.array(z.uuid()).max(500).optional(),
  })
  .optional()

export const deviceInput = z.object({ ...resumable, deviceId: z.uuid() })
