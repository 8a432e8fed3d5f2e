'use client'
import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { clsx } from 'clsx'
import { ArrowDown, ArrowUp } from 'lucide-react'
import { type ReactNode, useRef } from 'react'
import { useIsPhone } from './use-is-phone.ts'
import { useNearEnd, useScrollMargin, useVisible } from './use-list-window.ts'
import { useRowKeys } from './use-row-keys.ts'

export type Column<Row> = {
  key: string
  header: string
  /** Width as CSS has it; the columns without one share what is left. */
  width?: string
  /** Figures stand on the right, so that their digits line up. */
  isFigure?: boolean
  /** Left away where the page is narrower than this. */
  from?: 'lg' | 'xl'
  /** The key that the list is sorted by; absent: it cannot be. */
  sort?: string
  cell: (row: Row) => ReactNode
}

export type Sorting = { by: string; isDescending: boolean; onSort: (by: string) => void }

export type Selection = {
  has: (key: string) => boolean
  toggle: (key: string) => void
  /** Of the rows that are loaded. */
  state: 'none' | 'some' | 'all'
  toggleAll: () => void
  clear: () => void
}

export type DataTableProps<Row> = {
  /** What the rows are, for those who hear the page. */
  label: string
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  rowKey: (row: Row) => string
  /** How a row is called, for the label of its box. */
  rowName: (row: Row) => string
  /** All that match, not only those loaded; null while it is not known. */
  totalCount: number | null
  /** The row on a phone. */
  card: (row: Row) => ReactNode
  rowHeight?: number
  cardHeight?: number
  onOpen?: (row: Row) => void
  sorting?: Sorting
  selection?: Selection
  /** Called when the last loaded rows come near. */
  onNearEnd?: () => void
  /** The keys of the rows on screen, each time that they change. */
  onVisible?: (keys: readonly string[]) => void
}

const hideBelow = { lg: 'max-lg:hidden', xl: 'max-xl:hidden' }

/** A long list: a table on a wide screen, cards on a phone. Only what is on screen is drawn, however many rows there are. */
export function DataTable<Row>(props: DataTableProps<Row>) {
  const isPhone = useIsPhone()
  const { rows, rowKey, onOpen, selection } = props
  const height = isPhone === true ? (props.cardHeight ?? 96) : (props.rowHeight ?? 44)
  const top = useRef<HTMLDivElement | null>(null)
  const margin = useScrollMargin(top)
  const virtualizer = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => height,
    overscan: 8,
    scrollMargin: margin,
    getItemKey: (index) => {
      const row = rows[index]
      return row === undefined ? index : rowKey(row)
    },
  })
  const keyAt = (index: number) => {
    const row = rows[index]
    return row === undefined ? null : rowKey(row)
  }
  const { container, cursor, onRowFocus } = useRowKeys({
    rowCount: rows.length,
    reveal: (index) => virtualizer.scrollToIndex(index, { align: 'auto' }),
    onOpen: onOpen && ((index) => rows[index] !== undefined && onOpen(rows[index])),
    onSelect: selection && ((index) => keyAt(index) !== null && selection.toggle(keyAt(index) ?? '')),
    onSelectNone: selection?.clear,
  })

  const items = virtualizer.getVirtualItems()
  const first = items[0]
  const last = items.at(-1)
  useNearEnd(last?.index ?? -1, rows.length, props.onNearEnd)
  useVisible(items.map((item) => String(item.key)).join(), props.onVisible)

  const before = Math.max(0, (first?.start ?? margin) - margin)
  const after = Math.max(0, virtualizer.getTotalSize() - ((last?.end ?? margin) - margin))
  const drawn = { items, before, after, cursor, onRowFocus, measure: virtualizer.measureElement }
  return (
    <div ref={container}>
      <div ref={top} />
      {isPhone === true ? <Cards {...props} {...drawn} /> : <Table {...props} {...drawn} isHidden={isPhone === null} />}
    </div>
  )
}

type Drawn = {
  items: readonly { index: number; key: React.Key | bigint; start: number; end: number }[]
  before: number
  after: number
  cursor: number
  onRowFocus: (index: number) => void
  measure: (element: Element | null) => void
}

function Table<Row>({
  label,
  columns,
  rows,
  rowKey,
  rowName,
  totalCount,
  rowHeight = 44,
  onOpen,
  sorting,
  selection,
  items,
  before,
  after,
  cursor,
  onRowFocus,
  isHidden,
}: DataTableProps<Row> & Drawn & { isHidden: boolean }) {
  const columnCount = columns.length + (selection === undefined ? 0 : 1)
  return (
    <table
      aria-label={label}
      // The header is a row too.
      aria-rowcount={totalCount === null ? -1 : totalCount + 1}
      className={clsx('w-full table-fixed border-separate border-spacing-0', isHidden && 'max-md:hidden')}
    >
      <colgroup>
        {selection !== undefined && <col style={{ width: '2.25rem' }} />}
        {columns.map((column) => (
          <col
            key={column.key}
            className={column.from && hideBelow[column.from]}
            style={column.width === undefined ? undefined : { width: column.width }}
          />
        ))}
      </colgroup>
      <thead>
        <tr aria-rowindex={1}>
          {selection !== undefined && (
            <th scope="col" className="sticky top-0 z-10 h-9 border-b bg-ground pl-2 text-left">
              <Box
                label="Select all loaded rows"
                isChecked={selection.state === 'all'}
                isMixed={selection.state === 'some'}
                onToggle={selection.toggleAll}
              />
            </th>
          )}
          {columns.map((column) => (
            <HeaderCell key={column.key} column={column} {...(sorting === undefined ? {} : { sorting })} />
          ))}
        </tr>
      </thead>
      <tbody>
        {before > 0 && <Spacer height={before} columnCount={columnCount} />}
        {items.map(({ index }) => {
          const row = rows[index]
          if (row === undefined) return null
          const key = rowKey(row)
          const isSelected = selection?.has(key) ?? false
          return (
            <tr
              key={key}
              data-row-index={index}
              aria-rowindex={index + 2}
              aria-selected={selection === undefined ? undefined : isSelected}
              tabIndex={index === cursor ? 0 : -1}
              onFocus={() => onRowFocus(index)}
              onClick={(event) => {
                if (onOpen !== undefined && !isControl(event.target)) onOpen(row)
              }}
              className={clsx(
                'group',
                onOpen !== undefined && 'cursor-pointer hover:bg-hover',
                isSelected && 'bg-accent-soft hover:bg-accent-soft',
              )}
            >
              {selection !== undefined && (
                <td className="border-b pl-2" style={{ height: rowHeight }}>
                  <Box label={`Select ${rowName(row)}`} isChecked={isSelected} onToggle={() => selection.toggle(key)} />
                </td>
              )}
              {columns.map((column) => (
                <td
                  key={column.key}
                  className={clsx(
                    'overflow-hidden border-b px-2 text-ellipsis whitespace-nowrap',
                    column.isFigure && 'text-right',
                    column.from && hideBelow[column.from],
                  )}
                  style={{ height: rowHeight }}
                >
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          )
        })}
        {after > 0 && <Spacer height={after} columnCount={columnCount} />}
      </tbody>
    </table>
  )
}

function HeaderCell<Row>({ column, sorting }: { column: Column<Row>; sorting?: Sorting }) {
  const isSorted = sorting !== undefined && column.sort === sorting.by
  const Arrow = sorting?.isDescending === true ? ArrowDown : ArrowUp
  const { sort } = column
  return (
    <th
      scope="col"
      aria-sort={isSorted ? (sorting.isDescending ? 'descending' : 'ascending') : undefined}
      className={clsx(
        'sticky top-0 z-10 h-9 border-b bg-ground px-2 text-sm font-medium whitespace-nowrap text-ink-2',
        column.isFigure ? 'text-right' : 'text-left',
        column.from && hideBelow[column.from],
      )}
    >
      {sorting === undefined || sort === undefined ? (
        column.header
      ) : (
        <button
          type="button"
          onClick={() => sorting.onSort(sort)}
          className={clsx('inline-flex items-center gap-1 rounded-sm hover:text-ink', isSorted && 'text-ink')}
        >
          {column.header}
          <Arrow aria-hidden className={clsx('size-3.5', !isSorted && 'invisible')} />
        </button>
      )}
    </th>
  )
}

function Spacer({ height, columnCount }: { height: number; columnCount: number }) {
  return (
    <tr aria-hidden>
      <td colSpan={columnCount} style={{ height }} />
    </tr>
  )
}

function Cards<Row>({
  label,
  rows,
  rowKey,
  totalCount,
  card,
  onOpen,
  items,
  before,
  after,
  cursor,
  onRowFocus,
  measure,
}: DataTableProps<Row> & Drawn) {
  return (
    <ul aria-label={label} className="-mx-4 border-t border-line">
      {before > 0 && <li aria-hidden style={{ height: before }} />}
      {items.map(({ index }) => {
        const row = rows[index]
        if (row === undefined) return null
        return (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys of rows are heard by useRowKeys, on the document
          <li
            key={rowKey(row)}
            ref={measure}
            data-index={index}
            data-row
            data-row-index={index}
            aria-setsize={totalCount ?? -1}
            aria-posinset={index + 1}
            tabIndex={index === cursor ? 0 : -1}
            onFocus={() => onRowFocus(index)}
            onClick={(event) => {
              if (onOpen !== undefined && !isControl(event.target)) onOpen(row)
            }}
            className="border-b border-line bg-surface px-4 py-3"
          >
            {card(row)}
          </li>
        )
      })}
      {after > 0 && <li aria-hidden style={{ height: after }} />}
    </ul>
  )
}

function Box({
  label,
  isChecked,
  isMixed = false,
  onToggle,
}: {
  label: string
  isChecked: boolean
  isMixed?: boolean
  onToggle: () => void
}) {
  return (
    <input
      type="checkbox"
      aria-label={label}
      checked={isChecked}
      ref={(element) => {
        if (element !== null) element.indeterminate = isMixed
      }}
      onChange={onToggle}
      className="block size-4 accent-accent"
    />
  )
}

/** A click on a control within a row is meant for the control. */
function isControl(target: EventTarget): boolean {
  return target instanceof Element && target.closest('a, button, input, select, label, [role="menuitem"]') !== null
}

/** Where rows will be; drawn while the first ones are on their way. */
export function TableSkeleton({ rowCount = 8 }: { rowCount?: number }) {
  return (
    <div aria-busy="true" aria-label="Loading" role="status">
      {Array.from({ length: rowCount }, (_, index) => (
        <div key={index} className="flex h-11 items-center gap-4 border-b border-line">
          <span className="skeleton h-3.5 w-1/5" />
          <span className="skeleton h-3.5 w-1/6" />
          <span className="skeleton h-3.5 w-1/3" />
          <span className="skeleton ml-auto h-3.5 w-16" />
        </div>
      ))}
    </div>
  )
}
