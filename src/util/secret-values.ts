/** Which values are secrets because of where they stand: in the environment and in `.env` files. Pure. */

/** Words that end a name whose value is a secret, after `nameWords` has put it into one form. */
const passwordWords = 'PASSWORD|PASSWD|PASSPHRASE|PASS|PWD|PASSWORT'
const keyKinds =
  'API|ACCESS|SECRET|PRIVATE|SIGNING|ENCRYPTION|MASTER|ACCOUNT|AUTH|APP|LICENSE|DEPLOY|SHARED|SERVICE|STORAGE'
const secretWords = `SECRET|SECRETS|TOKEN|(?:${keyKinds})_?KEY|CREDENTIALS?|CONNECTION_?STRING|AUTH|PAT|COOKIE`
const secretName = new RegExp(`(?:^|_)(?:[A-Z]*PASSWORD|[A-Z]{0,6}(?:PASS|PWD)|${passwordWords}|${secretWords})(?:_|$)`)
/** In a `.env` file every key is one of the program's own. */
const envFileName = /(?:^|_)(?:KEY|DSN|SALT|SIGNATURE|WEBHOOK|WEBHOOK_URL)(?:_|$)/
const lastWords = new RegExp(`(?:^|_)(?:[A-Z]*PASSWORD|${passwordWords}|${secretWords})$`)
const isPassword = new RegExp(`(?:${passwordWords})$`)

/** Names of directories and sockets that look as if they held a password. */
const otherNames: ReadonlySet<string> = new Set(['PWD', 'OLDPWD', 'INIT_CWD', 'SSH_AUTH_SOCK', 'XAUTHORITY'])

/** `dbPassword`, `db-password` and `db.password` as `DB_PASSWORD`. */
const nameWords = (name: string): string =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .toUpperCase()

/** What a name says of its value in text: a password, another secret, or nothing. */
export function nameKind(name: string): 'password' | 'secret' | null {
  const words = nameWords(name)
  if (otherNames.has(words) || !lastWords.test(words)) return null
  return isPassword.test(words) ? 'password' : 'secret'
}

/** Words that stand for a value: references, placeholders, examples. */
const placeholder =
  /^(?:[$<{[*%]|your[-_ ]|my[-_]|example|changeme|change[-_]me|placeholder|redacted|dummy|todo|process\.env|os\.environ|import\.meta)|^(?:x+|\*+|\.+|-+)$|\$\{|\{\{|\}\}|<[a-z_ -]+>|\.\.\.$/i

/** Whether a value only stands for another one. */
export const isPlaceholder = (value: string): boolean => placeholder.test(value)

const isPath = (value: string): boolean => /^(?:[~.]{0,2}\/|[A-Za-z]:\\)/.test(value) && /^[\w/.~:\\@ +-]*$/.test(value)
const isPlainUrl = (value: string): boolean => /^[a-z][a-z0-9+.-]*:\/\/[^@]*$/i.test(value)

/** A word such as `postgres` is a value that texts hold for other reasons; so are a path, a number and an address. */
function isSecretValue(value: string): boolean {
  if (isPlaceholder(value) || isPath(value) || isPlainUrl(value)) return false
  if (/^\d+$/.test(value)) return value.length >= 12
  if (value.length < 8) return value.length >= 6 && /\d/.test(value) && /[A-Za-z]/.test(value)
  return /[^A-Za-z]/.test(value) || value.length >= 16
}

/** Letters and digits mixed as only a generator mixes them. */
export function looksRandom(value: string): boolean {
  if (value.length < 20 || !/^[A-Za-z0-9+/=_.~-]+$/.test(value)) return false
  const digits = value.replace(/\D/g, '').length
  // Words joined by dashes have few digits; a version or a date has few letters.
  const words = value
    .split(/[-_.]/)
    .filter((word) => /^(?:[a-z]+|[A-Z]+|[A-Z][a-z]+|\d+)$/.test(word))
    .join('').length
  return digits >= 2 && /[A-Za-z]/.test(value) && words < value.length / 2
}

/** User and password in a URL. */
const urlPassword = /^[a-z][a-z0-9+.-]*:\/\/[^\s/:@]*:([^\s/]+)@/i

/** The passwords in a value that is a URL: as it stands there, and as a program sees it. */
function passwordsIn(value: string): string[] {
  const password = urlPassword.exec(value)?.[1]
  if (password === undefined || isPlaceholder(password) || password.length < 6) return []
  try {
    return [password, decodeURIComponent(password)]
  } catch {
    return [password]
  }
}

/** The secrets among variables, those with secret-looking names and the passwords in URLs. */
export function secretsInEnv(env: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(env).flatMap(([name, value = '']) => [
    ...(!otherNames.has(name) && secretName.test(nameWords(name)) ? whole(value) : []),
    ...passwordsIn(value),
  ])
}

/** The secrets in the text of a `.env` file. */
export function secretsInEnvFile(text: string): string[] {
  return parseEnvFile(text).flatMap(([name, value]) => {
    const words = nameWords(name)
    if (/(?:^|_)PUBLI(?:C|SHABLE)(?:_|$)/.test(words)) return []
    const isNamed = secretName.test(words) || envFileName.test(words)
    const isRandom = looksRandom(value) && !isPath(value)
    return [...(isNamed || isRandom ? whole(value) : []), ...passwordsIn(value)]
  })
}

/** The value, and the lines of one that has several: a program may print them one by one. */
function whole(value: string): string[] {
  const trimmed = value.trim()
  const lines = trimmed.split(/\r?\n/)
  const isSecretLine = (line: string) => line.length >= 16 && !/[-{}]{4}|\s/.test(line) && isSecretValue(line)
  const parts = lines.length > 1 ? lines.map((line) => line.trim()).filter(isSecretLine) : []
  return isSecretValue(trimmed) ? [trimmed, ...parts] : parts
}

/** Names of files that hold variables; an example is for everybody to read. */
export const isEnvFile = (name: string): boolean =>
  /^\.(?:env(?:rc|\..+)?|dev\.vars)$/.test(name) && !/example|sample|template|\.dist$|defaults?$/i.test(name)

/** `KEY=value` lines: `export`, comments, all three quotes, values of several lines. */
export function parseEnvFile(text: string): [string, string][] {
  const line =
    /^[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*=[ \t]*(?:"([^"\\]*(?:\\[\s\S][^"\\]*)*)"|'([^']*)'|`([^`]*)`|([^\r\n]*))/gm
  const pairs: [string, string][] = []
  for (const [, name = '', double, single, back, bare] of text.matchAll(line)) {
    if (double === undefined) pairs.push([name, single ?? back ?? (bare ?? '').replace(/\s#.*$/, '').trim()])
    // Programs differ in what they make of an escape: both are the value.
    else pairs.push([name, double], [name, unescaped(double)])
  }
  return pairs
}

const unescaped = (text: string): string =>
  text.replace(/\\([nrt"\\$])/g, (_, char: string) => ({ n: '\n', r: '\r', t: '\t' })[char] ?? char)

/** A shorter piece of an encoded value may be anything. */
const shortestPiece = 10

/** A value in every form in which a program may print it: as it is, escaped once or twice, URL-encoded, in base64. */
export function formsOf(value: string): string[] {
  const json = JSON.stringify(value).slice(1, -1)
  const ascii = asciiOnly(json)
  const twice = [json, ascii].map((form) => JSON.stringify(form).slice(1, -1))
  const url = [encodeUrl(value), encodeUrl(value).replace(/%20/g, '+')]
  return [...new Set([value, json, ascii, ...twice, ...url, ...base64Forms(value)])]
}

const asciiOnly = (text: string): string =>
  text.replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)

function encodeUrl(value: string): string {
  try {
    return encodeURIComponent(value)
  } catch {
    // Half of a surrogate pair has no encoding.
    return value
  }
}

/** What stands in the base64 of any text that holds the value: the characters at its edges depend on what is around it. */
function base64Forms(value: string): string[] {
  const bytes = Buffer.from(value)
  const inner = [0, 1, 2].map((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '')
    const whole = Math.floor(((offset + bytes.length) * 8) / 6)
    return encoded.slice(Math.ceil((offset * 8) / 6), whole)
  })
  const forms = [...inner, ...inner.map((form) => form.replace(/\+/g, '-').replace(/\//g, '_'))]
  return forms.filter((form) => form.length >= shortestPiece)
}
