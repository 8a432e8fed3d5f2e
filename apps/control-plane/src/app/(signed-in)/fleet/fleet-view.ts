'use client'
import { standings } from '@rushes/upload-core'
import { parseAsArrayOf, parseAsBoolean, parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs'

export const fleetSorts = ['name', 'project', 'standing', 'remaining', 'seen'] as const

const view = {
  q: parseAsString.withDefault(''),
  is: parseAsArrayOf(parseAsStringLiteral(standings)).withDefault([]),
  presence: parseAsStringLiteral(['online', 'offline']),
  sharing: parseAsStringLiteral(['paused']),
  project: parseAsString,
  sort: parseAsStringLiteral(fleetSorts).withDefault('name'),
  desc: parseAsBoolean.withDefault(false),
}

/** What of the fleet is shown, and in which order: it all lives in the address, so that a link shows what one has seen. */
export function useFleetView() {
  return useQueryStates(view, { history: 'push', clearOnDefault: true })
}

export type FleetView = ReturnType<typeof useFleetView>[0]

/** The filter as the API takes it. */
export function fleetFilter(shown: FleetView) {
  return {
    ...(shown.q === '' ? {} : { search: shown.q }),
    ...(shown.is.length === 0 ? {} : { standings: shown.is }),
    ...(shown.presence === null ? {} : { presence: shown.presence }),
    ...(shown.sharing === null ? {} : { isSharingPaused: true as const }),
    ...(shown.project === null ? {} : { projectId: shown.project }),
  }
}

export function isFiltered(shown: FleetView): boolean {
  return Object.keys(fleetFilter(shown)).length > 0
}
