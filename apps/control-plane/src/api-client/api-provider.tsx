'use client'
import type { AppRouter } from '@rushes/api'
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { createTRPCClient, httpBatchLink, TRPCClientError } from '@trpc/client'
import { createTRPCContext } from '@trpc/tanstack-react-query'
import { type ReactNode, useState } from 'react'

const { TRPCProvider, useTRPC } = createTRPCContext<AppRouter>()

/** Options for queries and mutations of the API: `useQuery(useApi().fleet.list.queryOptions(…))`. */
export const useApi = useTRPC

export function ApiProvider({ children }: { children: ReactNode }) {
  const [queries] = useState(createQueryClient)
  const [client] = useState(() =>
    createTRPCClient<AppRouter>({ links: [httpBatchLink({ url: '/api/trpc', maxURLLength: 4_000 })] }),
  )
  return (
    <QueryClientProvider client={queries}>
      <TRPCProvider trpcClient={client} queryClient={queries}>
        {children}
      </TRPCProvider>
    </QueryClientProvider>
  )
}

function createQueryClient(): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({ onError: signInWhenSignedOut }),
    mutationCache: new MutationCache({ onError: signInWhenSignedOut }),
    defaultOptions: {
      queries: {
        staleTime: 1_000,
        // The old value stays on screen meanwhile; what a person is told of is a failure that lasts.
        retry: (failureCount, error) => failureCount < 3 && !isRefusal(error),
      },
      mutations: { retry: false },
    },
  })
}

/** The server has answered, and would answer the same again. */
function isRefusal(error: unknown): boolean {
  return isApiError(error) && (error.data?.httpStatus ?? 500) < 500
}

function signInWhenSignedOut(error: unknown): void {
  if (!isApiError(error) || error.data?.code !== 'UNAUTHORIZED') return
  const here = window.location.pathname + window.location.search
  window.location.assign(`/sign-in?next=${encodeURIComponent(here)}`)
}

function isApiError(error: unknown): error is TRPCClientError<AppRouter> {
  return error instanceof TRPCClientError
}
