import type { PartSpan } from './part-plan.ts'

/** A stretch of a file. */
export type Region = { offset: number; sizeBytes: number }

/**
 * Where a recorder writes again in a file that it has written already. `head`: at the beginning only, which is kept back anyway.
 * `partitions` and `segments`: also in the packs of an MXF file and the RIFF segments of an AVI file, whose places the file itself
 * tells. `everywhere`: nobody knows.
 */
export type RewriteHabit = 'head' | 'partitions' | 'segments' | 'everywhere'

const habits: ReadonlyMap<string, RewriteHabit> = new Map([
  // The size of `mdat`, and fragments that are joined when the recording stops: at the beginning. The index is appended or prepended.
  ...(['mp4', 'mov', 'qt', 'm4v', 'm4a', '3gp', 'insv', 'lrv', '360', 'heic', 'heif', 'hif'] as const).map(
    (extension) => [extension, 'head'] as const,
  ),
  // The sizes of `RIFF`, `ds64` and `data`.
  ...(['wav', 'bwf', 'rf64', 'w64'] as const).map((extension) => [extension, 'head'] as const),
  // Every body partition pack gets the place of the footer.
  ['mxf', 'partitions'],
  // Each segment of about a gigabyte has sizes of its own.
  ['avi', 'segments'],
  // Duration, seek head and the size of the segment; clusters are written whole by what is common, but nothing demands it.
  ['mkv', 'everywhere'],
  ['webm', 'everywhere'],
])

/** How recorders of this format treat what they have written; `extension` without its dot, in any case. */
export const rewriteHabitOf = (extension: string): RewriteHabit => habits.get(extension.toLowerCase()) ?? 'everywhere'

/** The end of a file that is always compared: recorders finish it last. */
export const comparedTailBytes = 67_108_864

/**
 * Which of the parts that left while the file was open must be compared with it before the final part goes: those that touch a
 * rewritten region or the end of the file. What is left out is compared after the final part, with the whole file.
 */
export function partsToCompare<P extends PartSpan>(
  parts: readonly P[],
  regions: readonly Region[] | 'everywhere',
  sizeBytes: number,
  tailBytes: number = comparedTailBytes,
): P[] {
  if (regions === 'everywhere') return [...parts]
  const tail = { offset: Math.max(0, sizeBytes - tailBytes), sizeBytes: Math.min(tailBytes, sizeBytes) }
  return parts.filter((part) => [...regions, tail].some((region) => overlap(part, region)))
}

const overlap = (a: Region, b: Region): boolean =>
  a.offset < b.offset + b.sizeBytes && b.offset < a.offset + a.sizeBytes
