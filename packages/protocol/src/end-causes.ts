/** Why our ingest gave up a clip before it was whole. Data, so that the browser and the command line say the same. */
export type EndCause = {
  /** A short phrase in plain words, for a table cell. */
  title: string
  /** What happened, and what to do. */
  explanation: string
}

export const failCauseCodes = ['partsMissing', 'storedBytesLost', 'refusedByStore', 'abandoned'] as const
/** Of a clip that can never be whole. */
export type FailCause = (typeof failCauseCodes)[number]

export const closeCauseCodes = ['projectChanged', 'deauthorized', 'forgotten', 'authorizationExpired'] as const
/** Of a clip whose device may not go on with it. */
export type CloseCause = (typeof closeCauseCodes)[number]

export const endCauses: Record<FailCause | CloseCause, EndCause> = {
  partsMissing: {
    title: 'parts never came',
    explanation:
      'The device sent the last part, and others not within the minute after it. Upload the clip again from the device: Retry, or copy it from its card.',
  },
  storedBytesLost: {
    title: 'bytes were lost in the store',
    explanation:
      'Bytes that had arrived are no longer where they were stored. Have a look at the store, then upload the clip again from the device.',
  },
  refusedByStore: {
    title: 'the store refused it',
    explanation:
      'The store did not put the parts together to one file. What it said stands beside; mend that, then upload the clip again from the device.',
  },
  abandoned: {
    title: 'abandoned by its device',
    explanation:
      'No byte of it came for days, so what had come was removed. If the clip is still on the device, upload it again from there.',
  },
  projectChanged: {
    title: 'its device was moved',
    explanation:
      'Its device was moved to another project before the clip was whole. To have it here, move the device back and restore what it cleared.',
  },
  deauthorized: {
    title: 'its device gave up the pairing',
    explanation: 'Its device gave up its pairing before the clip was whole. Pair it again, then upload the clip again.',
  },
  forgotten: {
    title: 'its device was forgotten',
    explanation: 'Its device was forgotten before the clip was whole. Pair it again, then upload the clip again.',
  },
  authorizationExpired: {
    title: 'its device’s authorization ended',
    explanation:
      'The authorization of its device ended before the clip was whole. Extend it on the device’s page, or pair the device again; then upload the clip again.',
  },
}

/** The words for a cause as it is stored; null for one that is newer than this program. */
export function endCauseOf(code: string | null): EndCause | null {
  const known = [...failCauseCodes, ...closeCauseCodes].find((cause) => cause === code)
  return known === undefined ? null : endCauses[known]
}
