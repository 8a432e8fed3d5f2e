import { assetCustody } from '@rushes/protocol'
import { type Call, call, parsed } from './call.ts'
import type { Additions, CustodyOutcome, DestinationSettings } from './port.ts'

/** Custody and the fence: what our ingest offers beyond the device API. */
export function additionCalls(settings: DestinationSettings, baseUrl: URL): Omit<Additions, 'exchangeDeviceSecret'> {
  const custodyOf = async (request: Call, signal: AbortSignal): Promise<CustodyOutcome> => {
    const answer = await call(settings, baseUrl, request, signal)
    if (answer.kind !== 'answered') return answer
    const reply = parsed(assetCustody, answer)
    return reply.kind === 'parsed' ? { kind: 'custody', custody: reply.value } : reply
  }
  return {
    putCustody: ({ accessToken, assetId, custody }, signal) =>
      custodyOf(
        {
          method: 'PUT',
          path: `/v2/devices/assets/${encodeURIComponent(assetId)}/custody`,
          accessToken,
          json: custody,
        },
        signal,
      ),
    getAsset: ({ accessToken, assetId }, signal) =>
      custodyOf({ method: 'GET', path: `/v2/devices/assets/${encodeURIComponent(assetId)}`, accessToken }, signal),
    putPurgeReceipt: async ({ accessToken, projectEpoch, receipt }, signal) => {
      const path = `/v2/devices/purge-receipts/${projectEpoch}`
      const answer = await call(settings, baseUrl, { method: 'PUT', path, accessToken, json: receipt }, signal)
      return answer.kind === 'answered' ? { kind: 'received' } : answer
    },
  }
}
