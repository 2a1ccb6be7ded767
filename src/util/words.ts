/**
 * Splits a command into words as a POSIX shell does, and does nothing else a shell does: quotes and backslashes, no expansion of any
 * kind. Null when a quote is not closed, or a backslash stands at the end.
 */
export function splitWords(command: string): string[] | null {
  const words: string[] = []
  let word: string | null = null
  for (let at = 0; at < command.length; at++) {
    const character = command.charAt(at)
    if (/\s/.test(character)) {
      if (word !== null) words.push(word)
      word = null
      continue
    }
    const piece = pieceAt(command, at)
    if (piece === null) return null
    word = (word ?? '') + piece.text
    at = piece.last
  }
  return word === null ? words : [...words, word]
}

interface Piece {
  text: string
  /** Index of its last character. */
  last: number
}

/** A quoted part, an escaped character or a plain one. */
function pieceAt(command: string, at: number): Piece | null {
  const character = command.charAt(at)
  if (character === "'") {
    const end = command.indexOf("'", at + 1)
    return end < 0 ? null : { text: command.slice(at + 1, end), last: end }
  }
  if (character === '"') return doubleQuoted(command, at)
  if (character !== '\\') return { text: character, last: at }
  return at + 1 < command.length ? { text: command.charAt(at + 1), last: at + 1 } : null
}

/** Between double quotes a backslash escapes what would be special there, and is itself otherwise. */
function doubleQuoted(command: string, start: number): Piece | null {
  let text = ''
  for (let at = start + 1; at < command.length; at++) {
    const character = command.charAt(at)
    if (character === '"') return { text, last: at }
    const isEscape = character === '\\' && /["\\$`]/.test(command.charAt(at + 1))
    text += isEscape ? command.charAt(++at) : character
  }
  return null
}
