import type { SQLInputValue } from 'node:sqlite'
import type { UploadState } from '@rushes/upload-core'
import { type StateColumns, stateColumns } from './stored-upload.ts'

/** What a statement sets, column by column. */
export type Assignment = readonly [column: string, value: SQLInputValue]

type Known = { text: string | null; next: Map<string, Known> }
const nothingKnown = (): Known => ({ text: null, next: new Map() })

/**
 * Texts of statements that set columns, the same one for the same columns in the same order: `compose` is asked once for each, since at every
 * change of every clip to join the names again, and then to find the statement of so long a name, costs as much as some of the statements.
 */
export function createTexts(compose: (setting: string) => string): (assignments: readonly Assignment[]) => string {
  const none = nothingKnown()
  return (assignments) => {
    let known = none
    for (const [column] of assignments) {
      let next = known.next.get(column)
      if (next === undefined) {
        next = nothingKnown()
        known.next.set(column, next)
      }
      known = next
    }
    known.text ??= compose(assignments.map(([column]) => `${column} = ?`).join(', '))
    return known.text
  }
}

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
