import { mark } from './secret-tokens.js'

/** Private keys in PEM. Pure, and linear in the length of the text. */

const header = /-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----/g
const footer = /-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----/
/** A line's end, also as one or more levels of escaping print it. */
const lineEnd = /\r?\n|(?:\\+r)?\\+n/
/** What stands before and after a line of a key: its number, the sign of a diff, the quotes and pluses of a source. */
const before = /^(?:[ \t]*(?:\d+[ \t]*(?:→|\t|:|\|))?[ \t]*)[>|+\-"'`]{0,2}[ \t]*/
const after = /[\\"'`,;+ \t\r]*$/
const keyText = /^[A-Za-z0-9+/=]*$/
const keyHeader = /^(?:Proc-Type|DEK-Info|Version|Comment|Charset|Hash|MessageID): /

/**
 * Whether a line stands inside of a key: base64, one of its headers, or nothing.
 * @param isFirst the line before it was the key's header, which code may hold for other reasons: what follows has to be as long as in a key
 */
export function isKeyLine(line: string, isFirst = false): boolean {
  const core = line.replace(before, '').replace(after, '')
  return (keyText.test(core) && (!isFirst || core === '' || core.length >= 40)) || keyHeader.test(core)
}

/** Whether a line ends with the header of a key, whose body must be on the lines below. */
export const keyOpens = (line: string): boolean =>
  line.includes('PRIVATE KEY') && /-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----[\\nr"'`,;+ \t\r]*$/.test(line)

/** Text without private keys. A header that no key follows is somebody's code and stays. */
export function redactKeys(text: string): string {
  if (!text.includes('PRIVATE KEY')) return text
  let result = ''
  let at = 0
  for (const match of text.matchAll(header)) {
    if (match.index < at || !bodyStart.test(text.charAt(match.index + match[0].length))) continue
    const end = keyEnd(text, match.index + match[0].length)
    if (end === null) continue
    result += text.slice(at, match.index) + mark
    at = end
  }
  return redactRest(result + text.slice(at))
}

/** The end of one whose beginning was cut off. */
const redactRest = (text: string): string =>
  text.replace(/^[A-Za-z0-9+/=\s]{40,}-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----/, mark)

/** What may follow a header: in most code that names one it is something else. */
const bodyStart = /[\s"'`+\\A-Za-z0-9]/

/** Longest line of a key that is not broken into lines. */
const longestLine = 16_384

/** Where the key ends whose header ends at `start`; null when there is none. */
function keyEnd(text: string, start: number): number | null {
  let at = start
  let lines = 0
  let end: number | null = null
  for (let first = true; at <= text.length; first = false) {
    const piece = text.slice(at, at + longestLine)
    const newline = lineEnd.exec(piece)
    const line = newline === null ? piece : piece.slice(0, newline.index)
    const foot = footer.exec(line)
    const body = foot === null ? line : line.slice(0, foot.index)
    if (!isBody(body, first)) break
    if (body.replace(before, '').replace(after, '') !== '') {
      lines++
      end = at + body.replace(after, '').length
    }
    if (foot !== null) return lines > 0 ? at + foot.index + foot[0].length : null
    if (newline === null) break
    at += newline.index + newline[0].length
  }
  return end
}

/** Behind the header on its own line only a whole key may stand, with spaces for its newlines. */
const isBody = (line: string, isFirst: boolean): boolean =>
  isFirst ? /^(?:[ \t]*["'`+\\]*[ \t]*|[A-Za-z0-9+/= ]{16,})[ \t]*$/.test(line) : isKeyLine(line)
