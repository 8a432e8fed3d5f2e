import { assetCustody } from '@rushes/protocol'
import { z } from 'zod'
import { type Call, call, parsed } from './call.ts'
import type { Additions, CustodyOutcome, DestinationSettings } from './port.ts'

const ownAssets = z.object({
  assets: z.array(
    z
      .object({
        id: z.string(),
        name: z.string(),
        filesize: z.number().nullable(),
        project_id: z.string(),
        status: z.string(),
        verified: z.string(),
        captured_at: z.iso.datetime(),
        relativePath: z.string().nullable(),
        volumeId: z.string().nullable(),
      })
      .transform(({ filesize, project_id, captured_at, ...asset }) => ({
        ...asset,
        sizeBytes: filesize,
        projectId: project_id,
        capturedAt: Date.parse(captured_at),
      })),
  ),
  next: z.string().nullable(),
})

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
    listAssets: async ({ accessToken, after }, signal) => {
      const path = `/v2/devices/assets${after === null ? '' : `?after=${encodeURIComponent(after)}`}`
      const answer = await call(
        settings,
        baseUrl,
        { method: 'GET', path, accessToken, maxReplyBytes: 4_194_304 },
        signal,
      )
      if (answer.kind !== 'answered') return answer
      const reply = parsed(ownAssets, answer)
      return reply.kind === 'parsed' ? { kind: 'assets', ...reply.value } : reply
    },
    putPurgeReceipt: async ({ accessToken, projectEpoch, receipt }, signal) => {
      const path = `/v2/devices/purge-receipts/${projectEpoch}`
      const answer = await call(settings, baseUrl, { method: 'PUT', path, accessToken, json: receipt }, signal)
      return answer.kind === 'answered' ? { kind: 'received' } : answer
    },
  }
}
