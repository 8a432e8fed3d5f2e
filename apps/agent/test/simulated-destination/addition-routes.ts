import { type AssetCustody, c2cErrors, custodyRequest, detailedErrorBody, purgeReceipt } from '@rushes/protocol'
import type { Asset } from './asset.ts'
import { asDevice } from './device-routes.ts'
import { detailedReply, emptyReply, jsonReply, type Reply } from './replies.ts'
import type { ApiRoute, ApiRoutes } from './route.ts'
import type { World } from './world.ts'

/** What only our ingest has; a foreign server does not know these paths, and a client that asks it for them is wrong. */
function oursOnly(route: ApiRoute): ApiRoute {
  return (world, request, body) => {
    if (world.isOurs) return route(world, request, body)
    world.noteViolation(`${request.entry.method} ${request.entry.path} was asked of a foreign server`)
    return detailedReply(c2cErrors.notFound)
  }
}

/** Few, so that turning pages is tested too. */
const ownAssetsPerPage = 2

export const additionRoutes: ApiRoutes = {
  custody: oursOnly((world, request, body) =>
    asDevice(world, request, (device) => {
      const asset = world.assets.find((one) => one.id === request.ids[0] && one.device === device)
      if (asset === undefined) return detailedReply(c2cErrors.notFound)
      const parsed = custodyRequest.safeParse(body)
      if (!parsed.success) return detailedReply(detailedErrorBody(422, 'Unprocessable Entity', parsed.error.message))
      asset.custody = parsed.data
      return custodyReply(world, asset)
    }),
  ),

  asset: oursOnly((world, request) =>
    asDevice(world, request, (device) => {
      const asset = world.assets.find((one) => one.id === request.ids[0] && one.device === device)
      return asset === undefined ? detailedReply(c2cErrors.notFound) : custodyReply(world, asset)
    }),
  ),

  ownAssets: oursOnly((world, request) =>
    asDevice(world, request, (device) => {
      const own = world.assets.filter((asset) => asset.device === device)
      const after = Number(request.query.get('after') ?? 0)
      const page = own.slice(after, after + ownAssetsPerPage)
      return jsonReply(200, {
        assets: page.map((asset) => ({
          id: asset.id,
          name: asset.name,
          filetype: asset.fileType,
          filesize: asset.sizeBytes,
          project_id: asset.projectId,
          status: custodyOf(world, asset).status,
          verified: custodyOf(world, asset).verified,
          captured_at: new Date(asset.createdAtMs - asset.offsetSeconds * 1_000).toISOString(),
          inserted_at: new Date(asset.createdAtMs).toISOString(),
          relativePath: asset.custody?.relativePath ?? null,
          volumeId: asset.custody?.volumeId ?? null,
          fileXxh64: null,
        })),
        next: after + ownAssetsPerPage < own.length ? String(after + ownAssetsPerPage) : null,
      })
    }),
  ),

  receipt: oursOnly((world, request, body) =>
    asDevice(world, request, (device) => {
      const projectEpoch = Number(request.ids[0])
      const parsed = purgeReceipt.safeParse(body)
      if (!parsed.success) return detailedReply(detailedErrorBody(422, 'Unprocessable Entity', parsed.error.message))
      if (projectEpoch > device.projectEpoch) return detailedReply(detailedErrorBody(409, 'Conflict', 'epoch ahead'))
      if (projectEpoch === device.projectEpoch && parsed.data.toProjectId !== (device.project?.id ?? null))
        return detailedReply(detailedErrorBody(409, 'Conflict', 'other project'))
      const isKnown = world.receipts.some((one) => one.deviceId === device.id && one.projectEpoch === projectEpoch)
      if (!isKnown) world.receipts.push({ deviceId: device.id, projectEpoch, receipt: parsed.data })
      device.purgeReceiptEpoch = Math.max(device.purgeReceiptEpoch, projectEpoch)
      return emptyReply(204)
    }),
  ),
}

function custodyReply(world: World, asset: Asset): Reply {
  return jsonReply(200, custodyOf(world, asset))
}

function custodyOf(world: World, asset: Asset): AssetCustody {
  const mismatch = asset.custody === null || !asset.isComplete ? null : asset.firstMismatch(asset.custody)
  return {
    id: asset.id,
    status: asset.isClosed ? 'closed' : asset.isComplete ? 'available' : 'created',
    verified: verdict(world, asset, mismatch),
    missing: asset.missing,
    mismatch,
  }
}

function verdict(world: World, asset: Asset, mismatch: number | null): AssetCustody['verified'] {
  if (!asset.isComplete) return 'no'
  if (asset.custody === null) return 'sizeChecked'
  if (world.options.custodyPendingCount > 0) {
    world.options.custodyPendingCount -= 1
    return 'pending'
  }
  return mismatch === null ? 'verified' : 'mismatch'
}
