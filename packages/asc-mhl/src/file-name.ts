import { nameInstant } from './instant.ts'

/** The name of a manifest: `0001_A002R2EC_2020-01-16_091500Z.mhl`. `folderName` must be one safe path segment. */
export function manifestFileName(generation: number, folderName: string, createdAt: Date): string {
  return `${String(generation).padStart(4, '0')}_${folderName}_${nameInstant(createdAt)}.mhl`
}
