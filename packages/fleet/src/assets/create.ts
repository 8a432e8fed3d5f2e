import type { CreateAssetRequest } from '@rushes/protocol'
import { busy, type Together } from '../context.ts'
import { announceDeviceChange } from '../devices/announce-change.ts'
import { fenceVerdict } from '../devices/fence.ts'
import { captureRange } from './captured-at.ts'
import { type CheckedCreate, checkCreate } from './check-create.ts'
import { findVersioned } from './find-versioned.ts'
import { type HeldDevice, holdDevices } from './hold-devices.ts'
import { requestDigest } from './idempotency.ts'
import { findKnownClips, freeKeysOf, type KnownClip, replayClips } from './known-clips.ts'
import { type CreatedAsset, type NewClip, newClip, partsOfNew } from './new-clip.ts'
import { isPaused, pauseWindowsOf } from './pause-windows-of.ts'
import { registerClips } from './register-clips.ts'
import type { RegisteredPart } from './registered-part.ts'

export type CreateAssetInput = {
  deviceId: string
  /** The epoch of the token that the call came with. */
  projectEpoch: number
  request: CreateAssetRequest
  encoding: 'json' | 'form'
  idempotencyKey: string
  /** When the request came: the age of the clip counts from here, however late it is looked at. */
  arrivedAt: Date
  /** What the store has room for, in bytes; null where it cannot tell. */
  roomBytes: number | null
  /** Where the store will gather the parts, for the id of the new clip. */
  storeKeyFor: (assetId: string) => string
}

export type CreateAssetOutcome =
  | {
      kind: 'created'
      asset: CreatedAsset
      /** In order; empty for a real-time upload, whose parts are registered as they come. */
      parts: RegisteredPart[]
      /** The clip was there: the same request came before with the same key. */
      replayed: boolean
    }
  | { kind: 'malformed'; detail: string }
  | { kind: 'impossibleParts' }
  /** The store is too full for it. */
  | { kind: 'noRoom' }
  /** It was captured while sharing was paused. */
  | { kind: 'channelPaused' }
  /** The fence of a move is closed. */
  | { kind: 'noProject' }
  | { kind: 'projectChanged' }
  | { kind: 'purgeReceiptMissing' }
  /** The key came before with another request. */
  | { kind: 'keyReused' }

type Refusal = Exclude<CreateAssetOutcome, { kind: 'created' }>

/** A create whose fields go together, with its key in the form that is kept. */
type Valid = CreateAssetInput & {
  create: CheckedCreate
  key: string
  digest: string
  captured: { from: Date; to: Date }
}

/**
 * Registers clips. The same request with the same idempotency key never makes a second one: the first is returned, unless it can
 * no longer be completed. Parts of a fixed-size clip are registered with it. `busy` for clips of a device that somebody else is
 * changing, unless it is waited for, and for the second of two that have one key.
 */
export async function createAssets(
  { db, now, wait }: Together,
  inputs: readonly CreateAssetInput[],
): Promise<(CreateAssetOutcome | typeof busy)[]> {
  const outcomes = new Map<CreateAssetInput, CreateAssetOutcome>()
  const valid = inputs.flatMap((input) => {
    const checked = check(input)
    if (!('kind' in checked)) return [{ input, checked }]
    outcomes.set(input, checked)
    return []
  })
  if (valid.length > 0)
    await db.transaction(async (tx) => {
      const created = await createValid(
        { db: tx, now, wait },
        valid.map(({ checked }) => checked),
      )
      for (const { input, checked } of valid) {
        const outcome = created.get(checked)
        if (outcome !== undefined) outcomes.set(input, outcome)
      }
    })
  return inputs.map((input) => outcomes.get(input) ?? busy)
}

function check(input: CreateAssetInput): Refusal | Valid {
  const checked = checkCreate(input.request, input.encoding)
  if (checked.kind !== 'valid') return checked
  const { create } = checked
  const neededBytes = create.upload === 'fixed' ? create.filesizeBytes : 1
  if (input.roomBytes !== null && input.roomBytes < neededBytes) return { kind: 'noRoom' }
  return {
    ...input,
    create,
    // A key belongs to the project: what was registered in the former one is another clip.
    key: `${input.projectEpoch}:${input.idempotencyKey}`,
    digest: requestDigest(input.request),
    captured: captureRange(create.offsetSeconds, input.arrivedAt),
  }
}

/** Outcomes of those that could be judged; who is missing has to wait for somebody. */
async function createValid(
  { db: tx, now, wait }: Together,
  inputs: readonly Valid[],
): Promise<Map<Valid, CreateAssetOutcome>> {
  const outcomes = new Map<Valid, CreateAssetOutcome>()
  const deviceIds = [...new Set(inputs.map(({ deviceId }) => deviceId))]
  // Held to the end: moves and pauses of these devices wait, and so does another create with one of the keys. A connection does one
  // statement after the other, so that what follows reads what is held.
  const [held, knownAs, windows, mayVersion] = await Promise.all([
    holdDevices(tx, { deviceIds, wait }),
    findKnownClips(tx, inputs),
    pauseWindowsOf(tx, { deviceIds, ...spanOf(inputs) }),
    findVersioned(tx, inputs),
  ])

  const keys = new Set<string>()
  const known = new Map<Valid, KnownClip>()
  const fresh = new Map<Valid, NewClip>()
  const outdated: string[] = []
  for (const input of inputs) {
    const device = held.get(input.deviceId)
    if (device === undefined && !wait) continue
    if (keys.size === keys.add(`${input.deviceId} ${input.key}`).size) continue
    const verdict = standingOf(device, input)
    const clip = knownAs(input)
    if ('kind' in verdict) outcomes.set(input, verdict)
    else if (clip !== null && clip.idempotencySha256 !== input.digest) outcomes.set(input, { kind: 'keyReused' })
    else if (clip !== null && clip.endedBecause === null) known.set(input, clip)
    else {
      if (clip !== null) outdated.push(clip.id)
      if (isPaused(windows, { deviceId: input.deviceId, channel: input.create.channel, ...input.captured }))
        outcomes.set(input, { kind: 'channelPaused' })
      else if (!mayVersion(input, verdict.projectId))
        outcomes.set(input, { kind: 'malformed', detail: 'auto_version_id must name an asset of the project' })
      else fresh.set(input, newClip(verdict, input))
    }
  }
  const parts = await replayClips({ db: tx, now }, [...known.values()])
  for (const [input, asset] of known)
    outcomes.set(input, {
      kind: 'created',
      asset,
      parts: asset.uploadKind === 'fixed' ? (parts.get(asset.id) ?? []) : [],
      replayed: true,
    })

  await freeKeysOf(tx, outdated)
  for (const [input, clip] of fresh)
    outcomes.set(input, { kind: 'created', asset: clip.asset, parts: partsOfNew(clip), replayed: false })
  const clips = [...fresh.values()]
  if (clips.length > 0)
    await Promise.all([
      registerClips(tx, clips),
      announceDeviceChange(tx, {
        deviceIds: [...new Set(clips.map(({ asset }) => asset.deviceId))],
        projectIds: [...new Set(clips.map(({ asset }) => asset.projectId))],
      }),
    ])
  return outcomes
}

/** The earliest and the latest instant that any of the clips may have been captured at. */
const spanOf = (inputs: readonly Valid[]) => ({
  from: new Date(Math.min(...inputs.map(({ captured }) => captured.from.getTime()))),
  to: new Date(Math.max(...inputs.map(({ captured }) => captured.to.getTime()))),
})

/** The device, if it may create clips at the moment. */
function standingOf(device: HeldDevice | undefined, input: Valid): HeldDevice | Refusal {
  if (device === undefined || device.projectEpoch !== input.projectEpoch) return { kind: 'projectChanged' }
  const fence = fenceVerdict(device)
  return fence === 'open' ? device : { kind: fence }
}
