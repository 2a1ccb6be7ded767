/** Columns that text takes on a terminal. Pure; `Intl.Segmenter` and `string-width` cost 40 ms to load. */

/** Wide: East Asian Wide and Fullwidth, and emoji (UAX #11, Unicode 15). */
const wide =
  /[\u1100-\u115f\u231a\u231b\u2329\u232a\u23e9-\u23ec\u23f0\u23f3\u25fd\u25fe\u2614\u2615\u2648-\u2653\u267f\u2693\u26a1\u26aa\u26ab\u26bd\u26be\u26c4\u26c5\u26ce\u26d4\u26ea\u26f2\u26f3\u26f5\u26fa\u26fd\u2705\u270a\u270b\u2728\u274c\u274e\u2753-\u2755\u2757\u2795-\u2797\u27b0\u27bf\u2b1b\u2b1c\u2b50\u2b55\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1b000}-\u{1b2ff}\u{1f004}\u{1f0cf}\u{1f18e}\u{1f191}-\u{1f19a}\u{1f200}-\u{1f320}\u{1f32d}-\u{1f335}\u{1f337}-\u{1f37c}\u{1f37e}-\u{1f393}\u{1f3a0}-\u{1f3ca}\u{1f3cf}-\u{1f3d3}\u{1f3e0}-\u{1f3f0}\u{1f3f4}\u{1f3f8}-\u{1f43e}\u{1f440}\u{1f442}-\u{1f4fc}\u{1f4ff}-\u{1f53d}\u{1f54b}-\u{1f54e}\u{1f550}-\u{1f567}\u{1f57a}\u{1f595}\u{1f596}\u{1f5a4}\u{1f5fb}-\u{1f64f}\u{1f680}-\u{1f6c5}\u{1f6cc}\u{1f6d0}-\u{1f6d2}\u{1f6d5}-\u{1f6d7}\u{1f6dc}-\u{1f6df}\u{1f6eb}\u{1f6ec}\u{1f6f4}-\u{1f6fc}\u{1f7e0}-\u{1f7eb}\u{1f7f0}\u{1f90c}-\u{1f93a}\u{1f93c}-\u{1f945}\u{1f947}-\u{1f9ff}\u{1fa70}-\u{1faff}\u{20000}-\u{3fffd}]/u
/** Takes no column: combining marks, joiners, variation selectors, skin tones. */
// biome-ignore lint/suspicious/noMisleadingCharacterClass: each code point is meant by itself
const zero = /[\p{Mn}\p{Me}\u200b-\u200f\u2060\ufe00-\ufe0f\u{1f3fb}-\u{1f3ff}\u{e0100}-\u{e01ef}]/u

/** Columns of a text without control characters. */
export function textWidth(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: plain ASCII is the common case and needs no look-up
  if (/^[\x00-\x7f]*$/.test(text)) return text.length
  let width = 0
  let isJoined = false
  for (const char of text) {
    if (!zero.test(char)) {
      // What follows a joiner is drawn into the character before it.
      if (!isJoined) width += wide.test(char) ? 2 : 1
      isJoined = false
    }
    if (char === '\u200d') isJoined = true
  }
  return width
}

/** The text in at most `columns`, with `…` when something was cut. */
export function fitText(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text
  let [fitted, width] = ['', 0]
  for (const char of text) {
    width += textWidth(char)
    if (width > columns - 1) break
    fitted += char
  }
  return columns < 1 ? '' : `${fitted}…`
}

/** The text with spaces to `columns`; `start` puts them before it. */
export function padText(text: string, columns: number, side: 'start' | 'end' = 'end'): string {
  const spaces = ' '.repeat(Math.max(0, columns - textWidth(text)))
  return side === 'end' ? text + spaces : spaces + text
}
