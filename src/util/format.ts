import { usage } from '../errors.js'

/** `--format` in the syntax of `git for-each-ref`: `%(field)`, `%%`, and `%xx` for the byte with that hexadecimal code. Pure. */

type Piece = { text: string } | { field: string }

/**
 * Compiles a format.
 * @param fields the names it may use
 * @returns a function that fills it in
 * @throws AmpError naming an unknown field and the known ones
 */
export function compileFormat(
  format: string,
  fields: readonly string[],
): (values: Readonly<Record<string, string>>) => string {
  const pieces: Piece[] = []
  let rest = 0
  for (const match of format.matchAll(/%\(([^)]*)\)|%%|((?:%[0-9a-fA-F]{2})+)/g)) {
    pieces.push({ text: format.slice(rest, match.index) })
    rest = match.index + match[0].length
    const [, field, hex] = match
    if (field === undefined) pieces.push({ text: hex === undefined ? '%' : bytesText(hex) })
    else if (fields.includes(field)) pieces.push({ field })
    else throw usage(`unknown field name: ${field}`, `Known fields: ${fields.join(', ')}.`)
  }
  pieces.push({ text: format.slice(rest) })
  return (values) => pieces.map((piece) => ('text' in piece ? piece.text : (values[piece.field] ?? ''))).join('')
}

/** Several bytes may be one character: `%c3%a9` is `é`. */
const bytesText = (hex: string): string => Buffer.from(hex.replaceAll('%', ''), 'hex').toString('utf8')
