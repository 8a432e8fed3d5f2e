import type { SQLInputValue } from 'node:sqlite'
import type { UploadState } from '@rushes/upload-core'
import { type StateColumns, stateColumns } from './stored-upload.ts'

/** What a statement sets, column by column. */
export type Assignment = readonly [column: string, value: SQLInputValue]

const columnOf = {
  state: 'state',
  reason: 'reason',
  step: 'step',
  attempts: 'attempts',
  uncertain: 'uncertain',
  deprioritised: 'deprioritised',
  recreations: 'recreations',
  assetId: 'asset_id',
  urlsIssuedAt: 'urls_issued_at',
  partsTotal: 'parts_total',
  partsDone: 'parts_done',
  notBefore: 'not_before',
  sinceBootId: 'since_boot_id',
  leaseToken: 'lease_token',
  leaseUntil: 'lease_until',
  custody: 'custody',
  heldFor: 'held_for',
} as const satisfies Record<keyof StateColumns, string>
const keys = Object.keys(columnOf) as (keyof StateColumns)[]

/** Each clip takes these three steps, and mostly no other: only what differs is written, a few columns of many. */
const steps: Partial<Record<UploadState['kind'], UploadState['kind']>> = {
  queued: 'registering',
  registering: 'uploading',
  uploading: 'uploaded',
}

/** What takes a row from one state to another. The row holds what `before` says and, of a state that is no such step, possibly more. */
export function stateAssignments(before: UploadState, after: UploadState): Assignment[] {
  const to = stateColumns(after)
  const from = steps[before.kind] === after.kind ? stateColumns(before) : null
  const assignments: Assignment[] = []
  for (const key of keys) {
    const value = to[key]
    const isKept = key === 'attempts' && value === null
    if (!isKept && value !== from?.[key]) assignments.push([columnOf[key], value])
  }
  return assignments
}
