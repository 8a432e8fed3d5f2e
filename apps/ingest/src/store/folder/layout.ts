import { join } from 'node:path'
import { numberedName, projectFolder, safeName } from '@rushes/fleet'

/** Hidden, so that whoever looks into the folder sees whole clips only. */
export const gatheringFolder = '.rushes-uploads'

/** Names within the gathering folder, by asset. */
export const dataName = (assetId: string): string => `${assetId}.data`
export const apartName = (assetId: string): string => `${assetId}.apart`
/** By digest as well: other bytes of a part never take the place of those that are acknowledged, whoever writes them. */
export const partName = (number: number, xxh64: string): string => `part-${number}-${xxh64}`
export const incomingPrefix = 'incoming-'
/** A clip that is copied together out of parts that moved; before it is whole, and after. */
export const joiningName = 'joining'
export const joinedName = 'joined'

/** Which upload an entry of the gathering folder belongs to; null for what is not ours. */
export function assetIdOf(entry: string): string | null {
  return /^([0-9a-f-]{36})\.(data|apart)$/.exec(entry)?.[1] ?? null
}

export const uploadKeyOf = (assetId: string): string => join(gatheringFolder, dataName(assetId))

/** Where the n-th clip of this name would stand. */
export function treeKey(
  asset: { project: { id: string; name: string }; folder: string; name: string },
  nth: number,
): string {
  return join(projectFolder(asset.project), asset.folder, numberedName(safeName(asset.name), nth))
}
