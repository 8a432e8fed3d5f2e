'use client'
import { useQueryClient } from '@tanstack/react-query'
import { tellDone, tellFailure, tellUndoable } from './toasts.tsx'

/**
 * Says that something was done, with the way to take it back. `undo` resolves with what to say when it has been; after it everything
 * is read anew, and a refusal is told.
 */
export function useUndoable(): (title: string, description: string, undo: () => Promise<string>) => void {
  const queries = useQueryClient()
  const takeBack = async (undo: () => Promise<string>) => {
    try {
      tellDone(await undo())
    } catch (error) {
      tellFailure(error) // it stays as it was made
    }
    await queries.invalidateQueries()
  }
  return (title, description, undo) => tellUndoable(title, description, () => void takeBack(undo))
}
