export { AscMhlError, type AscMhlErrorCode } from './asc-mhl-error.ts'
export { c4FromSha512 } from './c4.ts'
export { chainFileName, type Generation, historyFolder, writeChain } from './chain.ts'
export { manifestFileName } from './file-name.ts'
export {
  type DigestAction,
  type ManifestFile,
  type ManifestHead,
  type ManifestNotes,
  writeManifest,
} from './manifest.ts'
export { readChain } from './read-chain.ts'
export { type ListedDigest, readManifest } from './read-manifest.ts'
export { isManifestPath } from './relative-path.ts'
