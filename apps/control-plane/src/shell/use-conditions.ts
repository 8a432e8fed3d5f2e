import type { Condition } from '@rushes/fleet'
import { useQuery } from '@tanstack/react-query'
import { useApi } from '@/api-client/api-provider.tsx'

/** What is wrong that no device can tell of; null while nobody knows. */
export function useConditions(): Condition[] | null {
  const api = useApi()
  const conditions = useQuery({ ...api.fleet.conditions.queryOptions(), refetchInterval: 30_000 })
  return conditions.data ?? null
}
