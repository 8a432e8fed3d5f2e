'use client'
import type { ClipRow } from '@rushes/fleet'
import { useQueryClient } from '@tanstack/react-query'
import { useApi } from '@/api-client/api-provider.tsx'
import type { UploadFilterState } from './use-upload-filter.ts'

/** So many clips at most are acted on in one go; the dialog says when there are more. */
const maxGathered = 5_000

/** Reads every clip that matches, page by page, for an action over all of a filter. */
export function useGatherMatching() {
  const api = useApi()
  const queries = useQueryClient()
  return async (filter: UploadFilterState['filter']): Promise<{ clips: ClipRow[]; isCutShort: boolean }> => {
    const clips: ClipRow[] = []
    let cursor: { at: string; deviceId: string; key: string } | null = null
    do {
      const input = { filter, limit: 200, ...(cursor === null ? {} : { cursor }) }
      const page: Awaited<ReturnType<typeof readPage>> = await readPage(input)
      clips.push(...page.rows)
      cursor = page.next
    } while (cursor !== null && clips.length < maxGathered)
    return { clips, isCutShort: cursor !== null }
  }

  function readPage(input: Parameters<typeof api.uploads.list.queryOptions>[0]) {
    return queries.fetchQuery({ ...api.uploads.list.queryOptions(input), staleTime: 0 })
  }
}
