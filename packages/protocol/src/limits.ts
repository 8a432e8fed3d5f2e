/** Limits of the Camera-to-Cloud upload protocol, in bytes, parts and milliseconds. Bounds are inclusive. */

/** Smallest part but the last one (5 MiB), as object stores with multipart uploads demand. */
export const minPartSizeBytes = 5_242_880
/** Largest single part (5 GiB). */
export const maxPartSizeBytes = 5_368_709_120
/** Part numbers run from 1 to this. */
export const maxPartCount = 10_000
/** Largest asset (5 TiB); the platform's own schema for `asset_filesize` has the same bound. */
export const maxFileSizeBytes = 5_497_558_138_880
/** Size of the chunks that the platform cuts a fixed-size asset into when no count is asked for. */
export const defaultChunkSizeBytes = 25_000_000

/** Access tokens live 8 hours, refresh tokens 14 days. */
export const accessTokenLifetimeMs = 8 * 3_600_000
export const refreshTokenLifetimeMs = 14 * 86_400_000
/** Signed part URLs die after 24 hours. */
export const partUrlLifetimeMs = 24 * 3_600_000
/** A pairing code lives at most this long. */
export const pairingCodeLifetimeMs = 120_000
/** After the final part of a real-time upload, how long stragglers may still arrive. */
export const stragglerGraceMs = 60_000

/** Largest message on the control link, either way. */
export const maxLinkMessageBytes = 65_536
