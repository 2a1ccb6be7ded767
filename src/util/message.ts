/** Commit messages. Pure. */

const trailerLine = /^[A-Za-z0-9-]+: /

/** A message with trailers at its end: after the last paragraph, or in it when that consists of trailers already. */
export function withTrailers(message: string, trailers: readonly (readonly [string, string])[]): string {
  const text = message.replace(/\s+$/, '')
  if (trailers.length === 0) return `${text}\n`
  const lines = trailers.map(([key, value]) => `${key}: ${value}`)
  const paragraphs = text.split(/\n\n+/)
  const isTrailers =
    paragraphs.length > 1 && (paragraphs.at(-1) ?? '').split('\n').every((line) => trailerLine.test(line))
  return `${text}${isTrailers ? '\n' : '\n\n'}${lines.join('\n')}\n`
}

/** All values of a trailer in the last paragraph, in order. */
export function trailerValues(message: string, key: string): string[] {
  const [, ...paragraphs] = message.replace(/\s+$/, '').split(/\n\n+/)
  // The first paragraph is the subject, whatever it looks like.
  const last = paragraphs.at(-1) ?? ''
  const start = `${key.toLowerCase()}: `
  return last
    .split('\n')
    .filter((line) => line.toLowerCase().startsWith(start))
    .map((line) => line.slice(start.length).trim())
}

/**
 * The same wherever they stand: a host that squashes a branch puts the messages of its commits into one, indented or not. Those at the end come
 * alone when there are any.
 */
export function trailersAnywhere(message: string, key: string): string[] {
  const atEnd = trailerValues(message, key)
  if (atEnd.length > 0) return atEnd
  const start = `${key.toLowerCase()}: `
  const lines = message.split('\n').map((line) => line.trim())
  return lines.filter((line) => line.toLowerCase().startsWith(start)).map((line) => line.slice(start.length).trim())
}

/** The first line. */
export const subjectOf = (message: string): string => message.split('\n', 1)[0] ?? ''

/** A subject that fits into `width` characters, cut at a word where possible. */
export function shortSubject(text: string, width: number): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  const clean = [...text.replace(/[\x00-\x20\x7f-\x9f]+/g, ' ').trim()]
  if (clean.length <= width) return clean.join('')
  const cut = clean.slice(0, width - 1).join('')
  const space = cut.lastIndexOf(' ')
  return `${space > width / 2 ? cut.slice(0, space) : cut}…`
}
