import type { AssetCustody, AuthErrorCode, CustodyRequest, Discovery, PurgeReceipt } from '@rushes/protocol'
import type { Failure as JudgedFailure, SourceProblem } from '@rushes/upload-core'
import type { Dispatcher } from 'undici'
import type { Courier } from './courier.ts'
import type { Throttle } from './throttle.ts'

/**
 * The upload link as the rest of the agent sees it: one C2C server, ours or a foreign one. Nothing here retries, waits for a turn or
 * keeps a token; every call is one request, and every expected outcome is returned. Only misuse is thrown.
 */
export type DestinationSettings = {
  /** Pooled connections; made by `createDispatcher`, closed by whoever made it. */
  dispatcher: Dispatcher
  /** Sent as `x-client-version` with every call of the API; a semantic version. */
  clientVersion: string
  /** Whether `http:` may be spoken beyond loopback. */
  allowInsecure: boolean
  /** Longest duration of one call of the API, from its start to the last byte of its reply; parts have limits of their own. */
  callTimeoutMs?: number
  /** Told what time a server's reply says it is, in milliseconds since 1970. */
  onServerTime?: (serverNowMs: number) => void
  /** Shares the limit of the line among parts; none: no limit. */
  throttle?: Throttle
  /** Takes small parts off this thread while there are many; none: all go from it. Never with `throttle`. */
  courier?: Courier
}

/** Asks an address what it is. No credential is sent. */
export type Discover = (settings: DestinationSettings, serverUrl: string, signal: AbortSignal) => Promise<Discovered>
export type Discovered =
  | ({ kind: 'ours' } & Omit<Discovery, 'rushes'>)
  /** Something answers there, but not a Rushes server. */
  | { kind: 'foreign' }
  /** A Rushes server of a version that this agent does not speak. */
  | { kind: 'unsupportedVersion'; version: string }
  | Unsuccessful

/** Throws `AgentError` `PLAIN_HTTP_REFUSED` or `MISUSE` for an address that is not to be used. */
export type CreateDestination = (settings: DestinationSettings, address: DestinationAddress) => Destination
/** `baseUrl`: where the device API answers (`ingestUrl` of a discovery, or what `--upload-to` named). */
export type DestinationAddress = { baseUrl: string; isOurs: boolean }

/** `signal` ends a call at once; it then resolves with `aborted`. */
export interface Destination {
  readonly baseUrl: string
  /** What only our ingest can do; null for a foreign server, so that it is never asked for it. */
  readonly additions: Additions | null

  requestPairingCode(request: PairingCodeRequest, signal: AbortSignal): Promise<PairingCodeOutcome>
  /** Asks once whether the code was approved; the caller keeps to `intervalMs` and adds 5 s after `slowDown`. */
  pollPairing(request: ClientCredentials & { deviceCode: string }, signal: AbortSignal): Promise<PairingPoll>
  /** Judge a failure with `classifyFailure('refresh', …)`: only some of them mean that the token is dead. */
  refresh(request: ClientCredentials & { refreshToken: string }, signal: AbortSignal): Promise<TokenOutcome>
  revoke(
    request: ClientCredentials & { token: string },
    signal: AbortSignal,
  ): Promise<{ kind: 'revoked' } | Unsuccessful>

  me(
    accessToken: string,
    signal: AbortSignal,
  ): Promise<{ kind: 'identity'; identity: DestinationIdentity } | Unsuccessful>
  heartbeat(accessToken: string, signal: AbortSignal): Promise<{ kind: 'heard' } | Unsuccessful>
  /** Whether the API answers at all, and as an API does. No credential is sent. */
  health(signal: AbortSignal): Promise<{ kind: 'healthy' } | Unsuccessful>

  createAsset(request: CreateAsset, signal: AbortSignal): Promise<CreateOutcome>
  requestRealtimeParts(request: RealtimeParts, signal: AbortSignal): Promise<RealtimePartsOutcome>
  /** Sends one part from disk; see `PutPart`. */
  putPart(request: PutPart): Promise<PartOutcome>
}

export interface Additions {
  /** A new token pair for a device whose pair is lost, by its control-link secret. */
  exchangeDeviceSecret(request: { clientId: string; deviceSecret: string }, signal: AbortSignal): Promise<TokenOutcome>
  putCustody(
    request: { accessToken: string; assetId: string; custody: CustodyRequest },
    signal: AbortSignal,
  ): Promise<CustodyOutcome>
  getAsset(request: { accessToken: string; assetId: string }, signal: AbortSignal): Promise<CustodyOutcome>
  /** A page of the clips that this device made, oldest first; `after` is `next` of the page before. */
  listAssets(
    request: { accessToken: string; after: string | null },
    signal: AbortSignal,
  ): Promise<{ kind: 'assets'; assets: OwnAsset[]; next: string | null } | Unsuccessful>
  putPurgeReceipt(
    request: { accessToken: string; projectEpoch: number; receipt: PurgeReceipt },
    signal: AbortSignal,
  ): Promise<{ kind: 'received' } | Unsuccessful>
}

/** `clientSecret` is the device model's; null for our own agents, which are public clients. */
export type ClientCredentials = { clientId: string; clientSecret: string | null }

/** `deviceName` and `uploadTo` are told to our servers only. */
export type PairingCodeRequest = ClientCredentials & { deviceName?: string; uploadTo?: string }
export type PairingCodeOutcome =
  | {
      kind: 'code'
      deviceCode: string
      /** What the person types. */
      userCode: string
      deviceName: string
      expiresInMs: number
      intervalMs: number
      verificationUri: string
      verificationUriComplete: string | null
    }
  | Unsuccessful
export type PairingPoll =
  | { kind: 'paired'; tokens: Tokens; controlLink: { deviceId: string; deviceSecret: string } | null }
  | { kind: 'pending' }
  | { kind: 'slowDown' }
  /** Ask for a new code. */
  | { kind: 'expired' }
  | { kind: 'refused'; code: Exclude<AuthErrorCode, 'authorization_pending' | 'slow_down' | 'expired_token'> }
  | Unsuccessful

export type Tokens = { accessToken: string; accessLifetimeMs: number; refreshToken: string }
export type TokenOutcome = { kind: 'tokens'; tokens: Tokens } | Unsuccessful

export type DestinationIdentity = {
  id: string
  /** The device rather than its place in the project, where the server tells the two apart. */
  deviceId: string | null
  name: string
  /** What the queue is compared with; names change. */
  projectId: string | null
  projectName: string | null
  status: 'online' | 'offline' | 'paused'
  timezone: string | null
  /** ISO 8601; when the pairing itself ends. */
  authorizationExpiresAt: string | null
  /** Null for a foreign server. `pairedAt` is ISO 8601 by the server's clock. */
  fence: { projectEpoch: number; purgeReceiptRequired: boolean; pairedAt: string } | null
}

export type CreateAsset = {
  accessToken: string
  /** The media type; each part must be sent with the same. */
  fileType: string
  /** Seconds since the capture began, when it is called: when the request leaves, however long it took to get a connection. */
  offsetSeconds: () => number
  channel: number
  /** Makes a repeated create harmless; sent to our ingest only. */
  idempotencyKey: string
  /** The asset whose newer version this one is; told to our ingest only. */
  versionOf?: string
} & (
  | { kind: 'complete'; name: string; sizeBytes: number; partCount?: number }
  /** Still growing: no addresses come back, they are asked for with `requestRealtimeParts`. `extension` with its dot. */
  | { kind: 'realtime'; name: string; extension?: string }
  /** Its name comes with the final part. */
  | { kind: 'realtime'; name?: never; extension: string }
)
export type CreateOutcome =
  | { kind: 'created'; assetId: string; name: string; uploadUrls: string[]; rateLimit: RateLimit | null }
  | Unsuccessful

export type RealtimeParts = {
  accessToken: string
  assetId: string
  parts: { number: number; sizeBytes: number; isFinal: boolean }[]
  /** With the final part only. */
  assetSizeBytes?: number
  assetName?: string
}
export type RealtimePartsOutcome =
  | { kind: 'addresses'; uploadUrls: string[]; rateLimit: RateLimit | null }
  | Unsuccessful

export type PutPart = {
  /** The signed address. It is a credential: never logged, never part of an error. */
  url: string
  file: PartSource
  /** The media type that the asset was created with. */
  contentType: string
  signal: AbortSignal
  /** Called with each number of bytes that the connection has taken; cheap and often, or once at its end where it goes by a thread. */
  onBytes(byteCount: number): void
  /** Called with each piece as it was read, in order, before it leaves; its buffer is filled again afterwards. */
  onRead?: (chunk: Uint8Array) => void
  /** Longest time without a byte taken; after the last, `replyLimitMs` without a reply. The clock starts when a connection is there. */
  stallMs: number
  /** Where waiting for the reply needs another limit than size and rate make of it. */
  replyMs?: number
}
export type PartSource = {
  /** Bytes where the name is not UTF-8. */
  path: string | Buffer
  offsetBytes: number
  sizeBytes: number
  /** What the file was when it was taken into the queue; null for one of which nothing is known. */
  expected: ExpectedSource | null
  /** The watch folder that it was found in, which it may not have left by way of a link; none for a file that somebody named. */
  watchFolder?: string | null
}
/** `inode` is null where inodes do not last; `modifiedUs`: microseconds since 1970, rounded down. */
export type SourceStat = { sizeBytes: number; modifiedUs: number; inode: string | null }
/**
 * Size and time are null for a file that grows: then only its end may not lie before that of the part. Where inodes do not last, neither does the time: FAT
 * keeps that of the wall, which another zone or mount shows otherwise. There the digest of the file's two ends tells, as it does of its identity.
 */
export type ExpectedSource =
  | SourceStat
  | { sizeBytes: null; modifiedUs: null; inode: string | null }
  | { sizeBytes: number; modifiedUs: null; inode: null; headTailDigest: string }

export type PartOutcome =
  /** The destination has acknowledged the part; `xxh64` is the digest of the bytes that left. */
  { kind: 'stored'; xxh64: string } | Unsuccessful<CallFailure | { kind: 'stalled' } | SourceFailure>

/** A clip as our ingest knows it. `capturedAt`: milliseconds since 1970 by the server's clock. */
export type OwnAsset = {
  id: string
  name: string
  sizeBytes: number | null
  projectId: string
  status: string
  verified: string
  capturedAt: number
  relativePath: string | null
  volumeId: string | null
}

export type CustodyOutcome = { kind: 'custody'; custody: AssetCustody } | Unsuccessful

/** `aborted`: by the caller's signal. */
export type Unsuccessful<F = CallFailure> = { kind: 'failed'; failure: F } | { kind: 'aborted' }

/** A failure as `classifyFailure` takes it, with what is worth showing besides. */
export type CallFailure =
  | (Extract<JudgedFailure, { kind: 'reply' }> & { rateLimit: RateLimit | null })
  | Extract<JudgedFailure, { kind: 'malformedReply' }>
  | NetworkFailure
/** `requestSent`: false only when surely nothing of the request has reached the destination, so a create needs no care. */
export type NetworkFailure = { kind: 'network'; code: string; class: NetworkClass; requestSent: boolean }
export type NetworkClass =
  | 'name'
  | 'refused'
  | 'unreachable'
  | 'reset'
  | 'timeout'
  | 'tls'
  | 'protocol'
  | 'insecure'
  | 'other'

/** The file. Give it to `classifyFailure` with `volumePresent` added. `code`: of the file system, where it gave one. */
export type SourceFailure = { kind: 'source'; problem: SourceProblem; code: string }

/** What the server says of its limit; each null where it says nothing. */
export type RateLimit = { limit: number | null; remaining: number | null; windowMs: number | null }
