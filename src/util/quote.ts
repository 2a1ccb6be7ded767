/** A word as a shell takes it: plain when it is safe, else in single quotes. */
export const shellWord = (word: string): string =>
  /^[\w@%+=:,./~-]+$/.test(word) && !word.startsWith('~') ? word : `'${word.replaceAll("'", `'\\''`)}'`
