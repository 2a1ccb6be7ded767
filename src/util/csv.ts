/** Comma-separated values as RFC 4180 defines them: lines end in CR LF, and quotes stand around what needs them. Pure. */
export const csv = (rows: readonly (readonly string[])[]): string =>
  rows.map((row) => `${row.map(quoted).join(',')}\r\n`).join('')

const quoted = (field: string): string => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)
