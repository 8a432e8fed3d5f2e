import type { Asset, AssetPart } from './asset.ts'
import type { PartReceiver } from './part-store.ts'
import { emptyReply, type Reply, xmlReply } from './replies.ts'
import type { RouteRequest } from './route.ts'
import type { World } from './world.ts'

/** A part on its way in; without a `reply` it is stored when it has come whole. */
export type PartIntake = {
  write(chunk: Uint8Array): void
  /** To be called when all bytes have come. */
  finish(): Reply
  /** To be called instead, when they never will. */
  discard(): void
  /** To be called when the client has been told of success. */
  acknowledge(): void
}

/** Takes in one `PUT` as strictly as an object store takes a signed address. */
export function receivePart(world: World, request: RouteRequest): PartIntake {
  const [assetId, number] = request.ids
  const asset = world.assets.find((one) => one.id === assetId)
  const part = asset?.parts.get(Number(number))
  const refusal = refuse(world, request, asset, part)
  if (refusal !== null || asset === undefined || part === undefined) return refused(refusal ?? noSuchUpload)
  if (part.acknowledgedCount > 0) part.sentAgainCount += 1
  const outOfTurn = asset.outOfTurn(part)
  if (outOfTurn !== null) world.noteViolation(outOfTurn)
  return intake(asset, part, world.store.receive(`${asset.id}.${part.number}`))
}

const noSuchUpload = xmlReply(404, 'NoSuchUpload', 'The specified upload does not exist.')

function refused(reply: Reply): PartIntake {
  return { write: () => undefined, finish: () => reply, discard: () => undefined, acknowledge: () => undefined }
}

function intake(asset: Asset, part: AssetPart, receiver: PartReceiver): PartIntake {
  return {
    write: receiver.write,
    finish: () => {
      const received = receiver.finish()
      // It was closed while the bytes came: what is of the former project stays out.
      if (asset.isClosed) return xmlReply(403, 'AccessDenied', 'Access Denied')
      if (received.sizeBytes !== part.sizeBytes)
        return xmlReply(400, 'IncompleteBody', 'The length is not the one that was signed.')
      part.received = received
      return { ...emptyReply(200), headers: { etag: `"${received.xxh64}"` } }
    },
    discard: receiver.discard,
    acknowledge: () => {
      part.acknowledgedCount += 1
    },
  }
}

function refuse(
  world: World,
  request: RouteRequest,
  asset: Asset | undefined,
  part: AssetPart | undefined,
): Reply | null {
  const { headers, entry, query } = request
  const violation = (text: string) => world.noteViolation(`PUT ${entry.path}: ${text}`)
  if (headers.authorization !== undefined) {
    violation('carries an authorization')
    return xmlReply(400, 'InvalidArgument', 'Only one auth mechanism allowed')
  }
  if (asset === undefined || part === undefined) return noSuchUpload
  const foreignHeaders = Object.keys(headers).filter((name) => !expectedHeaders.has(name))
  if (foreignHeaders.length > 0) violation(`carries ${foreignHeaders.join(', ')}`)
  if (headers['content-type'] !== asset.fileType || headers['x-amz-acl'] !== 'private') {
    violation(`signed as ${asset.fileType} private, came as ${headers['content-type']} ${headers['x-amz-acl']}`)
    return signatureDoesNotMatch(part)
  }
  if (query.get('X-Amz-Signature') !== part.signature) return signatureDoesNotMatch(part)
  if (foreignHeaders.some((name) => name.startsWith('x-amz-')))
    return xmlReply(403, 'AccessDenied', 'There were headers present in the request which were not signed')
  if (part.urlExpired)
    return xmlReply(403, 'AccessDenied', 'Request has expired', '<Expires>2026-01-01T00:00:00Z</Expires>')
  if (asset.isClosed) return xmlReply(403, 'AccessDenied', 'Access Denied')
  if (headers['content-length'] === undefined) {
    violation('has no fixed length')
    return xmlReply(411, 'MissingContentLength', 'You must provide the Content-Length HTTP header.')
  }
  if (Number(headers['content-length']) !== part.sizeBytes) {
    violation(`has ${headers['content-length']} bytes instead of ${part.sizeBytes}`)
    return xmlReply(400, 'IncompleteBody', 'The length is not the one that was signed.')
  }
  return null
}

const expectedHeaders = new Set(['host', 'connection', 'content-type', 'content-length', 'x-amz-acl'])

/** The real ones print what they would have signed, the signature among it: nothing of it may reach a log. */
const signatureDoesNotMatch = (part: AssetPart): Reply =>
  xmlReply(
    403,
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided.',
    `<SignatureProvided>${part.signature}</SignatureProvided><StringToSign>AWS4-HMAC-SHA256 ${part.signature}</StringToSign>`,
  )
