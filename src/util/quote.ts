/** Text as one word of a POSIX shell, so that a hint can be pasted; as it is when nothing in it is special. */
export const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
