/** What decides whether a device may create clips, besides a live access token. */
export type FenceStanding = {
  projectId: string | null
  isOurAgent: boolean
  projectEpoch: number
  meReadEpoch: number
  purgeReceiptEpoch: number
}

export type FenceVerdict = 'open' | 'noProject' | 'projectChanged' | 'purgeReceiptMissing'

/**
 * Whether a device that was moved has caught up: it has read its new project with a token of this epoch and, if it is one
 * of our agents, told what it cleared. Until then nothing of the former project can slip into the new one.
 */
export function fenceVerdict(device: FenceStanding): FenceVerdict {
  if (device.projectId === null) return 'noProject'
  if (device.meReadEpoch < device.projectEpoch) return 'projectChanged'
  return purgeReceiptRequired(device) ? 'purgeReceiptMissing' : 'open'
}

/** Whether creates of this device wait for the purge receipt of its present epoch. */
export const purgeReceiptRequired = (
  device: Pick<FenceStanding, 'isOurAgent' | 'projectEpoch' | 'purgeReceiptEpoch'>,
): boolean => device.isOurAgent && device.purgeReceiptEpoch < device.projectEpoch
