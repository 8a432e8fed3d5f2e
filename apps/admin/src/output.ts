/** Prints what a command found: one JSON value with `--json`, else lines that a person reads. */
export function print(json: boolean, value: unknown, lines: readonly string[]): void {
  process.stdout.write(json ? `${JSON.stringify(value)}\n` : `${lines.join('\n')}\n`)
}

/** Lays rows out in columns, the header in capitals. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [header.map((cell) => cell.toUpperCase()), ...rows]
  const widths = header.map((_, column) => Math.max(...all.map((row) => printable(row[column] ?? '').length)))
  return all.map((row) =>
    row
      .map((cell, column) => printable(cell).padEnd(column === row.length - 1 ? 0 : (widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}

/** A name must not be able to move the cursor or forge a line. */
const printable = (text: string) => text.replaceAll(/\p{Cc}/gu, '·')
