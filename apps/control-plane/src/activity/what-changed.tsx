import type { ActivityEntry } from '@rushes/fleet'

type Values = Record<string, unknown>

/** Before and after, field by field, with the stored names: this is the record, for those who have to be exact. */
export function WhatChanged({ before, after }: Pick<ActivityEntry, 'before' | 'after'>) {
  const keys = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])]
  return (
    <div className="overflow-x-auto">
      <table aria-label="Before and after" className="text-left text-sm">
        <thead className="text-ink-2">
          <tr>
            <th scope="col" className="py-1 pr-6 font-medium">
              Field
            </th>
            <th scope="col" className="py-1 pr-6 font-medium">
              Before
            </th>
            <th scope="col" className="py-1 font-medium">
              After
            </th>
          </tr>
        </thead>
        <tbody>
          {keys.map((key) => (
            <tr key={key} className="align-top">
              <th scope="row" className="py-0.5 pr-6 font-normal text-ink-2">
                {key}
              </th>
              <Value of={before} field={key} />
              <Value of={after} field={key} />
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Value({ of, field }: { of: Values | null; field: string }) {
  const isThere = of !== null && Object.hasOwn(of, field)
  return (
    <td className="max-w-96 py-0.5 pr-6 font-mono [overflow-wrap:anywhere]">
      {isThere ? asText(of[field]) : <span className="font-sans text-ink-3">–</span>}
    </td>
  )
}

/** As it is stored; long lists, such as the devices of a command, by their length after the first few. */
function asText(value: unknown): string {
  if (Array.isArray(value) && value.length > 5)
    return `${value.slice(0, 5).map(asText).join(', ')} and ${value.length - 5} more`
  if (Array.isArray(value)) return value.map(asText).join(', ')
  return typeof value === 'string' ? value : JSON.stringify(value)
}
