'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useApi } from '@/api-client/api-provider.tsx'
import { plural } from '@/format/bytes.ts'
import { tellDone, tellFailure, tellUndoable } from '@/ui/toasts.tsx'

export type NamedClip = { assetId: string; name: string }

/** Puts clips into the trash, with the way to take that back, and restores them. */
export function useTrash(): {
  put: (clips: readonly NamedClip[]) => Promise<void>
  restore: (clips: readonly NamedClip[]) => Promise<void>
  isBusy: boolean
} {
  const api = useApi()
  const queries = useQueryClient()
  const putting = useMutation(api.trash.put.mutationOptions())
  const restoring = useMutation(api.trash.restore.mutationOptions())

  const restore = async (clips: readonly NamedClip[]) => {
    try {
      const { assetIds, skipped } = await restoring.mutateAsync({ assetIds: clips.map((clip) => clip.assetId) })
      tellDone(`${subject(clips, assetIds)} restored`, leftWords(skipped.length))
    } catch (error) {
      tellFailure(error) // they are still in the trash
    }
    await queries.invalidateQueries()
  }
  const put = async (clips: readonly NamedClip[]) => {
    const { assetIds, skipped } = await putting.mutateAsync({ assetIds: clips.map((clip) => clip.assetId) })
    const moved = clips.filter((clip) => assetIds.includes(clip.assetId))
    const words = `${subject(clips, assetIds)} in the trash`
    const rest = leftWords(skipped.length) ?? 'It can be restored from the trash of its project.'
    if (moved.length > 0) tellUndoable(words, rest, () => void restore(moved))
    else tellDone('Nothing was changed', leftWords(skipped.length))
    await queries.invalidateQueries()
  }
  return { put, restore, isBusy: putting.isPending || restoring.isPending }
}

function subject(clips: readonly NamedClip[], changedIds: readonly string[]): string {
  const [only] = changedIds
  const name = changedIds.length === 1 ? clips.find((clip) => clip.assetId === only)?.name : undefined
  return name === undefined ? `${plural(changedIds.length, 'clip')} are` : `${name} is`
}

const leftWords = (count: number) =>
  count === 0 ? undefined : `${plural(count, 'clip')} stayed as before: somebody else was quicker, or it is not whole.`
