'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useApi } from '@/api-client/api-provider.tsx'
import { formatDuration } from '@/format/time.ts'
import { Button } from '@/ui/button.tsx'
import { Card } from '@/ui/card.tsx'
import { FailureNotice } from '@/ui/failure.tsx'
import { tellDone, tellFailure } from '@/ui/toasts.tsx'
import { useNowMs } from '@/ui/use-now.ts'

/** Devices that ask to be let in. Their codes are not shown: typing one proves that somebody stands before the device. */
export function WaitingDevices() {
  const api = useApi()
  const queries = useQueryClient()
  const nowMs = useNowMs()
  const pending = useQuery(api.pairing.pending.queryOptions(undefined, { refetchInterval: 3_000 }))
  const deny = useMutation(
    api.pairing.deny.mutationOptions({
      onSuccess: () => {
        tellDone('The request was turned down')
        void queries.invalidateQueries({ queryKey: api.pairing.pending.queryKey() })
      },
      onError: tellFailure,
    }),
  )
  return (
    <Card title="Waiting to be let in">
      {pending.isPending ? (
        <div className="flex flex-col gap-2 p-4">
          <div className="skeleton h-4 w-2/3" />
          <div className="skeleton h-4 w-1/2" />
        </div>
      ) : pending.isError ? (
        <div className="p-4">
          <FailureNotice error={pending.error} onRetry={() => void pending.refetch()} />
        </div>
      ) : pending.data.length === 0 ? (
        <p className="px-4 py-3 text-ink-2">
          No device is asking just now. It appears here as soon as it shows a code.
        </p>
      ) : (
        <ul className="divide-y divide-line">
          {pending.data.map((request) => (
            <li key={request.id} className="flex items-center gap-3 px-4 py-2.5">
              <div className="min-w-0 flex-1">
                <p className="truncate font-medium">{request.deviceName}</p>
                <p className="text-sm text-ink-2 [overflow-wrap:anywhere]">
                  {request.modelName}
                  {request.remoteAddress !== null && ` · from ${request.remoteAddress}`}
                  {request.uploadTo !== null && ` · uploads to ${request.uploadTo}`}
                  {request.knownDeviceId !== null && ' · was here before'}
                </p>
              </div>
              <span className="text-sm whitespace-nowrap text-ink-2">
                {nowMs === null
                  ? ''
                  : `${formatDuration(Math.max(0, Number(new Date(request.expiresAt)) - nowMs))} left`}
              </span>
              <Button
                size="sm"
                look="dangerQuiet"
                aria-label={`Turn down ${request.deviceName}`}
                disabled={deny.isPending}
                onClick={() => deny.mutate({ requestId: request.id })}
              >
                Turn down
              </Button>
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}
