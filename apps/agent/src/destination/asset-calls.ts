import {
  type CreateAssetRequest,
  createAssetResponse,
  idempotencyKeyHeader,
  type RealtimePartsRequest,
  realtimePartsResponse,
} from '@rushes/protocol'
import { call, failed, parsed } from './call.ts'
import type { CreateAsset, Destination, DestinationSettings, RealtimeParts } from './port.ts'

/** 10,000 signed addresses of up to 3,200 characters. */
const maxAddressesReplyBytes = 32_000_000

export function assetCalls(
  settings: DestinationSettings,
  baseUrl: URL,
  isOurs: boolean,
): Pick<Destination, 'createAsset' | 'requestRealtimeParts'> {
  return {
    createAsset: async (request, signal) => {
      const answer = await call(
        settings,
        baseUrl,
        {
          method: 'POST',
          path: '/v2/devices/assets',
          accessToken: request.accessToken,
          json: createBody(request, isOurs),
          lateNumber: { name: 'offset', value: request.offsetSeconds },
          // A foreign server has not promised to heed it, and might refuse what it does not know.
          ...(isOurs ? { headers: { [idempotencyKeyHeader]: request.idempotencyKey } } : {}),
          maxReplyBytes: maxAddressesReplyBytes,
        },
        signal,
      )
      if (answer.kind !== 'answered') return answer
      const reply = parsed(createAssetResponse, answer)
      if (reply.kind !== 'parsed') return reply
      const uploadUrls = reply.value.upload_urls ?? []
      // An asset without a place for its bytes can never be completed.
      if (request.kind === 'complete' && uploadUrls.length === 0)
        return failed({ kind: 'malformedReply', status: answer.status })
      const { id, name } = reply.value
      return { kind: 'created', assetId: id, name, uploadUrls, rateLimit: answer.rateLimit }
    },
    requestRealtimeParts: async (request, signal) => {
      const answer = await call(
        settings,
        baseUrl,
        {
          method: 'POST',
          path: `/v2/devices/assets/${encodeURIComponent(request.assetId)}/realtime_upload/parts`,
          accessToken: request.accessToken,
          json: partsBody(request),
          maxReplyBytes: maxAddressesReplyBytes,
        },
        signal,
      )
      if (answer.kind !== 'answered') return answer
      const reply = parsed(realtimePartsResponse, answer)
      if (reply.kind !== 'parsed') return reply
      const uploadUrls = reply.value.upload_urls
      // They are matched by their order, so one too few would send bytes to the wrong place.
      if (uploadUrls.length !== request.parts.length) return failed({ kind: 'malformedReply', status: answer.status })
      return { kind: 'addresses', uploadUrls, rateLimit: answer.rateLimit }
    },
  }
}

function createBody(request: CreateAsset, isOurs: boolean): Omit<CreateAssetRequest, 'offset'> {
  const common = {
    ...(request.name === undefined ? {} : { name: request.name }),
    filetype: request.fileType,
    channel: request.channel,
    ...(isOurs && request.versionOf !== undefined ? { auto_version_id: request.versionOf } : {}),
  }
  if (request.kind === 'realtime')
    return {
      ...common,
      is_realtime_upload: true,
      ...(request.extension === undefined ? {} : { extension: request.extension }),
    }
  return {
    ...common,
    filesize: request.sizeBytes,
    ...(request.partCount === undefined ? {} : { parts: request.partCount }),
  }
}

function partsBody(request: RealtimeParts): RealtimePartsRequest {
  return {
    parts: request.parts.map(({ number, sizeBytes, isFinal }) => ({ number, size: sizeBytes, is_final: isFinal })),
    ...(request.assetSizeBytes === undefined ? {} : { asset_filesize: request.assetSizeBytes }),
    ...(request.assetName === undefined ? {} : { asset_name: request.assetName }),
  }
}
