import type { SQLOutputValue } from 'node:sqlite'
import { AgentError } from '../agent-error.ts'

/** One row as SQLite returns it. Values are read with the functions below, which prove the type of what they return. */
export type Row = Record<string, SQLOutputValue>

const wrongType = (row: Row, column: string, wanted: string): AgentError =>
  new AgentError(
    'QUEUE_ROW_INVALID',
    `column ${column} holds ${row[column] === null ? 'null' : typeof row[column]} where ${wanted} was expected`,
    'The queue file was written by another version or is damaged; keep a copy of it and start with an empty state folder.',
  )

export function text(row: Row, column: string): string {
  const value = row[column]
  if (typeof value !== 'string') throw wrongType(row, column, 'text')
  return value
}

export function integer(row: Row, column: string): number {
  const value = row[column]
  if (typeof value !== 'number') throw wrongType(row, column, 'an integer')
  return value
}

export const textOrNull = (row: Row, column: string): string | null => (row[column] === null ? null : text(row, column))
export const integerOrNull = (row: Row, column: string): number | null =>
  row[column] === null ? null : integer(row, column)

/** One of the words that the column's CHECK allows. */
export function word<const W extends string>(row: Row, column: string, words: readonly W[]): W {
  const value = row[column]
  const found = words.find((candidate) => candidate === value)
  if (found === undefined) throw wrongType(row, column, `one of ${words.join(', ')}`)
  return found
}
