// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this finds
const unsafe = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/**
 * Text with its control characters (C0, DEL, C1, and marks that reorder what a reader sees) made visible, so that a message can quote
 * what somebody typed without handing it to the terminal.
 * @param keep characters that stay, as `\n\t`
 */
export const escapeControls = (text: string, keep = ''): string =>
  text.replace(unsafe, (character) => (keep.includes(character) ? character : escapeOne(character.charCodeAt(0))))

const escapeOne = (code: number): string =>
  code === 0x0a
    ? '\\n'
    : code < 0x100
      ? `\\x${code.toString(16).padStart(2, '0')}`
      : `\\u${code.toString(16).padStart(4, '0')}`
