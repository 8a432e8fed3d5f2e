'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { ScanSearch } from 'lucide-react'
import { useApi } from '@/api-client/api-provider.tsx'
import { useMayOperate } from '@/shell/viewer.tsx'
import { Button } from '@/ui/button.tsx'
import { tellDone, tellFailure } from '@/ui/toasts.tsx'

/** Has the stored bytes of a clip read and compared now. */
export function CheckAgain({ assetId, isAsked }: { assetId: string; isAsked: boolean }) {
  const api = useApi()
  const queries = useQueryClient()
  const mayOperate = useMayOperate()
  const check = useMutation(
    api.clips.checkAgain.mutationOptions({
      onSuccess: () => {
        tellDone('The stored bytes are read again')
        void queries.invalidateQueries({ queryKey: api.clips.get.queryKey({ assetId }) })
      },
      onError: tellFailure,
    }),
  )
  if (!mayOperate) return null
  return (
    <Button size="sm" disabled={isAsked || check.isPending} onClick={() => check.mutate({ assetId })}>
      <ScanSearch aria-hidden />
      {isAsked ? 'Checking …' : 'Check again'}
    </Button>
  )
}
