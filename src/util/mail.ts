import { isUtf8 } from 'node:buffer'

/** Mails that `git am` reads back exactly: RFC 5322, 2045 and 2047. Pure. */

export interface PatchMail {
  oid: string
  author: { name: string; email: string; seconds: number; offset: number }
  /** The commit message, in UTF-8. */
  message: string
  /** `1/3`; null in a series of one. */
  number: string | null
  patch: Buffer
}

/** One patch as a mail of an mbox file, with the empty line behind it. */
export function patchMail(mail: PatchMail): Buffer {
  const { subject, body } = partsOf(mail.message)
  const { name, email, seconds, offset } = mail.author
  const content = Buffer.concat([
    Buffer.from(`${bodyText(body, mail)}---\n\n`),
    mail.patch,
    Buffer.from('-- \ngit-amp\n'),
  ])
  const isPlain = isUtf8(content) && !needsEncoding(content.toString('latin1'))
  const isAscii = isPlain && !content.some((byte) => byte > 0x7e)
  const head = [
    `From ${mail.oid} Mon Sep 17 00:00:00 2001`,
    `From: ${encodedPhrase(name)} <${email}>`,
    `Date: ${mailDate(seconds, offset)}`,
    `Subject: ${encodedWords(`[PATCH${mail.number === null ? '' : ` ${mail.number}`}] ${subject}`)}`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=UTF-8',
    `Content-Transfer-Encoding: ${isAscii ? '7bit' : isPlain ? '8bit' : 'quoted-printable'}`,
  ]
  const encoded = isPlain ? content : Buffer.from(quotedPrintable(content))
  return Buffer.concat([Buffer.from(`${head.join('\n')}\n\n`), encoded, Buffer.from('\n')])
}

/** A subject is the first paragraph on one line, as `git format-patch` has it. */
function partsOf(message: string): { subject: string; body: string } {
  const text = message.replace(/^\n+/, '').replace(/\s+$/, '')
  const end = text.search(/\n[ \t]*\n/)
  const [first, rest] = end < 0 ? [text, ''] : [text.slice(0, end), text.slice(end).replace(/^\s*\n/, '')]
  return { subject: first.replace(/\s*\n\s*/g, ' '), body: rest }
}

/** A line that `git am` takes for the beginning of the patch: what is behind it would not be part of the message. */
const patchStart = /^(?=diff -|Index: |---(?: \S|[ \t]*$))/gm
/** A first line that `git am` takes for a header. */
const headerLike = /^(?:>?From |\[PATCH\]|(?:From|Subject|Date|Content-Type|Content-Transfer-Encoding):)/i

/** The body of a message, so that all of it is still the message behind the mail. */
function bodyText(body: string, { author }: PatchMail): string {
  if (body === '') return ''
  // A header of our own ends the headers in the body.
  const guard = headerLike.test(body) ? `From: ${author.name} <${author.email}>\n\n` : ''
  return `${guard}${body.replace(patchStart, ' ')}\n`
}

/** Lines that end in CR, that begin a mail, or are too long for one; null bytes. */
const needsEncoding = (text: string): boolean => /\r|\0|^>*From /m.test(text) || /[^\n]{990}/.test(text)

const hex = (byte: number): string => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`

/** Quoted-printable: lines of at most 76 characters, and no line begins as a mail of an mbox does. */
function quotedPrintable(bytes: Buffer): string {
  const lines: string[] = []
  let start = 0
  for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, start)) {
    lines.push(encodedLine(bytes.subarray(start, end)))
    start = end + 1
  }
  if (start < bytes.length) lines.push(`${encodedLine(bytes.subarray(start))}=`)
  return `${lines.join('\n')}\n`
}

function encodedLine(line: Buffer): string {
  const parts: string[] = []
  let current = ''
  for (const [at, byte] of line.entries()) {
    const isSpace = byte === 0x20 || byte === 0x09
    const isPlain = isSpace ? at < line.length - 1 : byte > 0x20 && byte < 0x7f && byte !== 0x3d
    const isFrom = current === '' && byte === 0x46
    const next = isPlain && !isFrom ? String.fromCharCode(byte) : hex(byte)
    if (current.length + next.length > 75) {
      parts.push(`${current}=`)
      current = byte === 0x46 ? hex(byte) : next
    } else current += next
  }
  return [...parts, current].join('\n')
}

/** Words of a header that are not plain, as RFC 2047 has them. */
function encodedWords(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text) && !/=\?/.test(text) && text.length < 900) return text
  const words: string[] = []
  let current = ''
  for (const character of text) {
    const next = qEncoded(character)
    if (current.length + next.length > 60) {
      words.push(current)
      current = ''
    }
    current += next
  }
  return [...words, current].map((word) => `=?UTF-8?q?${word}?=`).join('\n ')
}

const qEncoded = (text: string): string =>
  /^[A-Za-z0-9]$/.test(text) ? text : [...Buffer.from(text)].map(hex).join('')

/** A name as `git am` reads it: it takes quotes away also where they were encoded. */
function encodedPhrase(name: string): string {
  if (/^[A-Za-z0-9 ]+$/.test(name)) return name
  const quoted = /["\\()]|^[\x20-\x7e]*$/.test(name) ? `"${name.replace(/["\\]/g, '\\$&')}"` : name
  return /^[\x20-\x7e]*$/.test(quoted) ? quoted : `=?UTF-8?q?${[...quoted].map(qEncoded).join('')}?=`
}

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `Sun, 13 Sep 2020 17:56:41 +0530` */
function mailDate(seconds: number, offset: number): string {
  const date = new Date((seconds + offset * 60) * 1000)
  const two = (n: number) => `${n}`.padStart(2, '0')
  const time = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(':')
  const away = Math.abs(offset)
  const zone = `${offset < 0 ? '-' : '+'}${two(Math.floor(away / 60))}${two(away % 60)}`
  return `${days[date.getUTCDay()]}, ${date.getUTCDate()} ${months[date.getUTCMonth()]} ${date.getUTCFullYear()} ${time} ${zone}`
}
