import type { ReasonCode } from '@rushes/protocol'
import type {
  Asset,
  BootInstant,
  CancelledReason,
  ClearedReason,
  FailedReason,
  HeldReason,
  RefusedReason,
  Registration,
  UploadState,
  WaitingReason,
  Work,
} from '@rushes/upload-core'
import { integer, integerOrNull, type Row, text, textOrNull, word } from './row.ts'
import { readError, type StoredError } from './stored-errors.ts'

/** One upload as the queue holds it: the machine's state and what belongs to it in every state. */
export type StoredUpload = {
  id: string
  seq: number
  projectId: string | null
  state: UploadState
  source: StoredSource
  name: string
  mimeType: string
  channel: number
  /** It is sent while its file grows: the asset has no size yet. */
  isRealtime: boolean
  sizeBytes: number
  /** Milliseconds since 1970 by the clock of the device as it went then. */
  capturedAt: number | null
  /** The same moment by the clock that nobody sets; null where it lies in no boot that is known. */
  capturedInBoot: BootInstant | null
  createKey: string
  /** The name that its create carries; '' when only an extension is known, null while that is not decided. */
  createName: string | null
  /** The whole asset whose newer version it is; null for none. */
  versionOf: string | null
  /** How many parts its create asks for; 0: what the destination chooses; null: not decided yet. */
  partsAsked: number | null
  adoptSource: boolean
  attempts: number
  bytesAcknowledged: number
  /** Had been acknowledged too, and has to be sent again. */
  bytesLost: number
  error: StoredError | null
  /** xxh64 of the whole file as it was sent, and when that was found out; null while it is not known. */
  digest: { xxh64: string; at: number } | null
  leaseToken: number | null
  /** Why and when somebody wanted it to be offered once more although it was captured in a pause; null when nobody did. */
  unblocked: { reason: string; at: number } | null
  /** Since when an operator wants it before everything else. */
  pinnedAt: number | null
  createdAt: number
  updatedAt: number
}

/** The file behind an upload, as it was when it was taken in. The keys are null while it is still being written. */
export type StoredSource = {
  fileId: number
  path: string
  watchFolder: string | null
  volumeId: string
  inode: string
  inodeIsStable: boolean
  sizeBytes: number
  modifiedUs: number
  identityKey: string | null
  statKey: string | null
}

/** Columns that `readUpload` needs, for a query over `uploads u JOIN files f`. */
export const uploadColumns = `u.*, f.path, f.watch_folder, f.volume_id, f.inode, f.inode_is_stable, f.size_bytes AS file_size_bytes,
  f.modified_us, f.identity_key, f.stat_key`

export function readUpload(row: Row): StoredUpload {
  const xxh64 = textOrNull(row, 'file_xxh64')
  const capturedBootId = textOrNull(row, 'captured_boot_id')
  const unblockedReason = textOrNull(row, 'unblocked_reason')
  return {
    id: text(row, 'id'),
    seq: integer(row, 'seq'),
    projectId: textOrNull(row, 'project_id'),
    state: readState(row),
    source: {
      fileId: integer(row, 'file_id'),
      path: text(row, 'path'),
      watchFolder: textOrNull(row, 'watch_folder'),
      volumeId: text(row, 'volume_id'),
      inode: text(row, 'inode'),
      inodeIsStable: integer(row, 'inode_is_stable') === 1,
      sizeBytes: integer(row, 'file_size_bytes'),
      modifiedUs: integer(row, 'modified_us'),
      identityKey: textOrNull(row, 'identity_key'),
      statKey: textOrNull(row, 'stat_key'),
    },
    name: text(row, 'name'),
    mimeType: text(row, 'mime_type'),
    channel: integer(row, 'channel'),
    isRealtime: integer(row, 'is_realtime') === 1,
    sizeBytes: integer(row, 'size_bytes'),
    capturedAt: integerOrNull(row, 'captured_at'),
    capturedInBoot:
      capturedBootId === null ? null : { bootId: capturedBootId, uptimeMs: integer(row, 'captured_uptime_ms') },
    createKey: text(row, 'create_key'),
    createName: textOrNull(row, 'create_name'),
    versionOf: textOrNull(row, 'version_of'),
    partsAsked: integerOrNull(row, 'parts_asked'),
    adoptSource: integer(row, 'adopt_source') === 1,
    attempts: integer(row, 'attempts'),
    bytesAcknowledged: integer(row, 'bytes_acknowledged'),
    bytesLost: Math.min(integer(row, 'bytes_lost'), integer(row, 'size_bytes') - integer(row, 'bytes_acknowledged')),
    error: readError(row),
    digest: xxh64 === null ? null : { xxh64, at: integer(row, 'file_digested_at') },
    leaseToken: integerOrNull(row, 'lease_token'),
    unblocked: unblockedReason === null ? null : { reason: unblockedReason, at: integer(row, 'unblocked_at') },
    pinnedAt: integerOrNull(row, 'pinned_at'),
    createdAt: integer(row, 'created_at'),
    updatedAt: integer(row, 'updated_at'),
  }
}

/** Where the file lies below its watch folder; of one that was added by hand, its name. What the destination is told of it. */
export function relativePathOf({ source: { path, watchFolder }, name }: Pick<StoredUpload, 'source' | 'name'>): string {
  const isBelow = watchFolder !== null && path.startsWith(`${watchFolder}/`)
  return (isBelow ? path.slice(watchFolder.length + 1) : name).slice(0, 4096)
}

const waitingReasons = [
  'backoff',
  'offline',
  'destinationDown',
  'rateLimited',
  'urlExpired',
  'sourceRemoved',
  'authorizationLost',
  'forbidden',
  'quotaExceeded',
  'deprioritised',
  'awaitingRestart',
  'createUncertain',
  'awaitingFence',
  'clockSkewed',
  'noProject',
] as const satisfies readonly WaitingReason[]
const heldReasons = [
  'heldByOperator',
  'capturedBeforePairing',
  'queueRebuilt',
  'manualFolder',
] as const satisfies readonly HeldReason[]
const failedReasons = [
  'readError',
  'sourceChanged',
  'sourceTruncated',
  'rejectedByDestination',
  'attemptsExhausted',
  'digestMismatch',
  'uploadLostByDestination',
] as const satisfies readonly FailedReason[]
const refusedReasons = [
  'emptyFile',
  'tooLarge',
  'notARegularFile',
  'outsideWatchFolder',
  'unusableName',
] as const satisfies readonly RefusedReason[]
const cancelledReasons = ['cancelledByOperator', 'cancelledOnDevice'] as const satisfies readonly CancelledReason[]
const clearedReasons = [
  'projectChanged',
  'clearedByOperator',
  'sourceDeleted',
] as const satisfies readonly ClearedReason[]
const stateNames = [
  'growing',
  'queued',
  'registering',
  'uploading',
  'waiting',
  'held',
  'uploaded',
  'verified',
  'failed',
  'blocked',
  'cancelled',
  'cleared',
  'refused',
] as const satisfies readonly UploadState['kind'][]

function readState(row: Row): UploadState {
  const kind = word(row, 'state', stateNames)
  switch (kind) {
    case 'growing':
      return { kind }
    case 'queued':
      return { kind, registration: readRegistration(row) }
    case 'registering':
      return {
        kind,
        registration: readRegistration(row),
        lease: { token: integer(row, 'lease_token'), until: integer(row, 'lease_until') },
      }
    case 'uploading':
    case 'verified':
      return { kind, asset: readAsset(row) }
    case 'uploaded':
      return { kind, asset: readAsset(row), custody: word(row, 'custody', ['none', 'owed', 'abandoned']) }
    case 'waiting':
      return {
        kind,
        reason: word(row, 'reason', waitingReasons),
        until: integerOrNull(row, 'not_before'),
        sinceBootId: textOrNull(row, 'since_boot_id'),
        work: readWork(row),
      }
    case 'held':
      return { kind, reason: word(row, 'reason', heldReasons), work: readWork(row) }
    case 'failed': {
      return {
        kind,
        reason: word(row, 'reason', failedReasons),
        error: readError(row),
        work: readWorkOrNull(row),
      }
    }
    case 'blocked':
      return { kind, reason: 'capturedInPause' }
    case 'cancelled':
      return { kind, reason: word(row, 'reason', cancelledReasons), work: readWorkOrNull(row) }
    case 'cleared':
      return {
        kind,
        reason: word(row, 'reason', clearedReasons),
        heldFor: textOrNull(row, 'held_for') === null ? null : word(row, 'held_for', heldReasons),
      }
    case 'refused':
      return { kind, reason: word(row, 'reason', refusedReasons) }
  }
}

const readWork = (row: Row): Work =>
  word(row, 'step', ['register', 'parts']) === 'register'
    ? { step: 'register', registration: readRegistration(row) }
    : { step: 'parts', asset: readAsset(row) }

const readWorkOrNull = (row: Row): Work | null => (textOrNull(row, 'step') === null ? null : readWork(row))

const readRegistration = (row: Row): Registration => ({
  attempts: integer(row, 'attempts'),
  uncertain: integer(row, 'uncertain') === 1,
  recreations: integer(row, 'recreations'),
  deprioritised: integer(row, 'deprioritised') === 1,
  expired: textOrNull(row, 'asset_id') === null ? null : readAsset(row),
})

const readAsset = (row: Row): Asset => ({
  assetId: text(row, 'asset_id'),
  urlsIssuedAt: integer(row, 'urls_issued_at'),
  partsTotal: integer(row, 'parts_total'),
  partsDone: integer(row, 'parts_done'),
  recreations: integer(row, 'recreations'),
  deprioritised: integer(row, 'deprioritised') === 1,
})

/** The columns that hold a state; `attempts` is null where the state says nothing of it and the column keeps its value. */
export type StateColumns = {
  state: UploadState['kind']
  reason: ReasonCode | null
  step: 'register' | 'parts' | null
  attempts: number | null
  uncertain: 0 | 1
  deprioritised: 0 | 1
  recreations: number
  assetId: string | null
  urlsIssuedAt: number | null
  partsTotal: number
  partsDone: number
  notBefore: number | null
  sinceBootId: string | null
  leaseToken: number | null
  leaseUntil: number | null
  custody: 'none' | 'owed' | 'abandoned'
  heldFor: HeldReason | null
}

/** The inverse of `readUpload(…).state`. */
export function stateColumns(state: UploadState): StateColumns {
  const columns: StateColumns = { ...emptyColumns, state: state.kind }
  return Object.assign(columns, columnsOfKind(state))
}

function columnsOfKind(state: UploadState): Partial<StateColumns> {
  switch (state.kind) {
    case 'growing':
      return { reason: 'settling' }
    case 'queued':
      return registrationColumns(state.registration)
    case 'registering':
      return {
        ...registrationColumns(state.registration),
        leaseToken: state.lease.token,
        leaseUntil: state.lease.until,
      }
    case 'uploading':
      return assetColumns(state.asset)
    case 'uploaded':
      return { ...assetColumns(state.asset), custody: state.custody }
    case 'verified':
      return assetColumns(state.asset)
    case 'waiting':
      return {
        ...workColumns(state.work),
        reason: state.reason,
        notBefore: state.until,
        sinceBootId: state.sinceBootId,
      }
    case 'held':
      return { ...workColumns(state.work), reason: state.reason }
    case 'failed':
    case 'cancelled':
      return { ...(state.work === null ? {} : workColumns(state.work)), reason: state.reason }
    case 'cleared':
      return { reason: state.reason, heldFor: state.heldFor }
    case 'blocked':
    case 'refused':
      return { reason: state.reason }
  }
}

const emptyColumns: Omit<StateColumns, 'state'> = {
  reason: null,
  step: null,
  attempts: null,
  uncertain: 0,
  deprioritised: 0,
  recreations: 0,
  assetId: null,
  urlsIssuedAt: null,
  partsTotal: 0,
  partsDone: 0,
  notBefore: null,
  sinceBootId: null,
  leaseToken: null,
  leaseUntil: null,
  custody: 'none',
  heldFor: null,
}

const flag = (value: boolean): 0 | 1 => (value ? 1 : 0)

const workColumns = (work: Work): Partial<StateColumns> =>
  work.step === 'register' ? registrationColumns(work.registration) : assetColumns(work.asset)

const registrationColumns = (registration: Registration): Partial<StateColumns> => ({
  ...(registration.expired === null ? {} : assetColumns(registration.expired)),
  step: 'register',
  attempts: registration.attempts,
  uncertain: flag(registration.uncertain),
  deprioritised: flag(registration.deprioritised),
  recreations: registration.recreations,
})

const assetColumns = (asset: Asset): Partial<StateColumns> => ({
  step: 'parts',
  assetId: asset.assetId,
  urlsIssuedAt: asset.urlsIssuedAt,
  partsTotal: asset.partsTotal,
  partsDone: asset.partsDone,
  deprioritised: flag(asset.deprioritised),
  recreations: asset.recreations,
})
