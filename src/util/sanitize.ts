// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this finds
const escapeSequence = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[ -/]*[0-~])/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const control = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/**
 * Text of somebody else, safe to print: without terminal escape sequences, control characters and marks that reorder
 * what a reader sees. Newlines and tabs stay.
 */
export function printable(text: string): string {
  return text.replace(/\r\n/g, '\n').replace(escapeSequence, '').replace(control, '')
}

/** What most names and titles are; ten thousand of them are looked at by one `list`. */
const plainWords = /^(?:[!-~]+(?: [!-~]+)*)?$/

/** Printable text on one line, at most `max` characters long. */
export function oneLine(text: string, max = 200): string {
  if (text.length <= max && plainWords.test(text)) return text
  // Cut first, generously: what is behind it would be thrown away after the work of cleaning it.
  const line = printable(text.slice(0, 16 * max))
    .replace(/\s+/g, ' ')
    .trim()
  const characters = [...line]
  return characters.length <= max ? line : `${characters.slice(0, max - 1).join('')}…`
}
