/** Takes secrets out of text before it is written to the object database. Pure. */

const mark = '[redacted]'

/** Forms that are secrets wherever they stand: each is the issuer's documented prefix with its length. */
const tokens: readonly RegExp[] = [
  /\b(?:ghp|gho|ghu|ghs|ghr)_[A-Za-z0-9]{36,}\b/g,
  /\bgithub_pat_[A-Za-z0-9_]{50,}\b/g,
  /\bglpat-[A-Za-z0-9_-]{20,}/g,
  /\bsgamp_[A-Za-z0-9_-]{20,}/g,
  /\bsgp_[A-Za-z0-9_]{20,}/g,
  /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g,
  /\bAIza[0-9A-Za-z_-]{35}\b/g,
  /\bxox[abeoprs]-[A-Za-z0-9-]{10,}/g,
  /\bnpm_[A-Za-z0-9]{36}\b/g,
  /\beyJ[A-Za-z0-9_-]{10,400}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}/g,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  // The end of one whose beginning was cut off.
  /^[A-Za-z0-9+/=\s]{40,}-----END [A-Z ]*PRIVATE KEY-----/g,
]

/** Keys of OpenAI, Anthropic and their like: `sk-`, which words begin with as well. */
const skToken = /\bsk-[A-Za-z0-9_-]{20,}/g

/** A word such as `sk-loading-indicator-2` has dashes, and no capital. */
const isKey = (token: string): boolean => /\d/.test(token) && (/[A-Z]/.test(token) || /[a-z0-9]{20}/.test(token))

/** User and password in a URL: the password goes. The scheme has a limit, because 1 MB of dashes took minutes without one. */
const urlPassword = /(\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s/:@]*:)([^\s/@]+)(@)/gi

/** Names of variables whose values are secrets. */
const secretName = /(?:^|_)(?:TOKEN|SECRET|PASSWORD|PASSWD|API_?KEY|ACCESS_KEY|PRIVATE_KEY|CREDENTIALS?)(?:_|$)/i

/** A word such as `postgres` is a value that texts hold for other reasons. */
const isSecretValue = (value: string): boolean => value.length >= 8 && (/[^A-Za-z]/.test(value) || value.length >= 16)

/**
 * A function that takes secrets out of text: known token forms, passwords in URLs, and the values of secret-looking variables.
 * @param env the environment whose values the agent could see
 */
export function redactor(env: Readonly<Record<string, string | undefined>>): (text: string) => string {
  const values = Object.entries(env)
    .filter(([name, value]) => secretName.test(name) && value !== undefined && isSecretValue(value))
    .map(([, value]) => value as string)
    .sort((a, b) => b.length - a.length)
  return (text) => {
    const known = values.reduce((rest, value) => rest.replaceAll(value, mark), text)
    const plain = tokens.reduce((rest, token) => rest.replace(token, mark), known)
    const keyless = plain.replace(skToken, (token) => (isKey(token) ? mark : token))
    return keyless.replace(urlPassword, `$1${mark}$3`)
  }
}

/** Fields whose text people or programs wrote. All others hold names that must stay as they are: refs, branches, ids. */
const freeText: ReadonlySet<string> = new Set([
  'name',
  'prompt',
  'test',
  'command',
  'output',
  'summary',
  'reason',
  'hooks',
  'unsigned',
  'unstaged',
  'newThread',
])

/** An event's data with its free text redacted. */
export function redactText<T extends object>(data: T, redact: (text: string) => string): T {
  const entries = Object.entries(data).map(([key, value]) => [
    key,
    freeText.has(key) ? redactAll(value, redact) : value,
  ])
  return Object.fromEntries(entries) as T
}

/** The same value with every string in it redacted. */
export function redactAll<T>(value: T, redact: (text: string) => string): T {
  if (typeof value === 'string') return redact(value) as T
  if (Array.isArray(value)) return value.map((item) => redactAll(item, redact)) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redactAll(item, redact)])) as T
}
