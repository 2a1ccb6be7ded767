/** Secrets that are known by their form alone. Pure, and linear in the length of the text. */

/** What stands where a secret stood. */
export const mark = '[redacted]'

/** Each is the issuer's documented prefix with its length. */
const forms: readonly string[] = [
  'gh[opsur]_[A-Za-z0-9]{36,}',
  'github_pat_[A-Za-z0-9_]{50,}',
  'gl(?:pat|dt|rt|oas|cbt|ptt|ft|soat|agent|imt|ffct)-[A-Za-z0-9_.-]{20,}',
  'sgamp_[A-Za-z0-9_-]{20,}',
  'sgp_[A-Za-z0-9_]{20,}',
  '(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}(?![A-Za-z0-9])',
  'AIza[0-9A-Za-z_-]{35}(?![A-Za-z0-9_-])',
  'ya29\\.[0-9A-Za-z_-]{20,}',
  'GOCSPX-[0-9A-Za-z_-]{28}',
  'xox[abceoprs]-[A-Za-z0-9-]{10,}',
  'xapp-\\d-[A-Za-z0-9-]{20,}',
  'hooks\\.slack\\.com/(?:services|workflows|triggers)/[A-Za-z0-9/_-]{20,}',
  '(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,}',
  'whsec_[A-Za-z0-9+/=]{24,}',
  'npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])',
  'pypi-[A-Za-z0-9_-]{50,}',
  'SG\\.[A-Za-z0-9_-]{16,32}\\.[A-Za-z0-9_-]{16,64}',
  'SK[0-9a-f]{32}(?![A-Za-z0-9])',
  'hf_[A-Za-z0-9]{30,}',
  'gsk_[A-Za-z0-9]{40,}',
  'xai-[A-Za-z0-9]{40,}',
  'pplx-[A-Za-z0-9]{40,}',
  'r8_[A-Za-z0-9]{37}(?![A-Za-z0-9])',
  'do[opr]_v1_[a-f0-9]{64}',
  'shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}',
  'sq0[a-z]{3}-[A-Za-z0-9_-]{22,}',
  'key-[0-9a-f]{32}(?![A-Za-z0-9])',
  'dapi[a-f0-9]{32}(?![A-Za-z0-9])',
  'lin_api_[A-Za-z0-9]{32,}',
  'secret_[A-Za-z0-9]{43}(?![A-Za-z0-9])',
  'ntn_[A-Za-z0-9]{40,}',
  'ATATT3[A-Za-z0-9_=-]{50,}',
  'ATBB[A-Za-z0-9]{32}(?![A-Za-z0-9])',
  'hv[sbr]\\.[A-Za-z0-9_-]{24,}',
  'dp\\.(?:pt|st|ct|sa|scim|audit)\\.[A-Za-z0-9]{40,}',
  'sbp_[a-f0-9]{40}',
  'PMAK-[a-f0-9]{24}-[a-f0-9]{34}',
  'sntry[su]_[A-Za-z0-9_=+/-]{40,}',
  'NRAK-[A-Z0-9]{27}',
  'glsa_[A-Za-z0-9]{32}_[a-f0-9]{8}',
  'AGE-SECRET-KEY-1[A-Z0-9]{58}',
  'dckr_pat_[A-Za-z0-9_-]{27,}',
  'rubygems_[a-f0-9]{48}',
  // Not in the middle of a word: a text of nothing but `eyJ` took a minute.
  'eyJ(?<!(?<!\\\\|%[0-9A-F])[A-Za-z0-9_-]eyJ)[A-Za-z0-9_-]{10,4000}\\.eyJ[A-Za-z0-9_-]{10,}\\.[A-Za-z0-9_-]{10,}',
]

const token = new RegExp(forms.join('|'), 'g')

/** Keys of OpenAI, Anthropic and their like: `sk-`, which words begin with as well. */
const skToken = /sk-[A-Za-z0-9_-]{20,}/g

/** A form begins where a word begins, or behind an escape that ends in a letter. Asked last: a pattern that looks back first is slow. */
const begins = (text: string, at: number): boolean =>
  !/[A-Za-z0-9]$/.test(text.slice(at - 1, at)) ||
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a colour ends in a letter too
  /(?:\\[nrtbf]|%[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\x1b\[[0-9;]{0,9}m)$/.test(text.slice(Math.max(0, at - 12), at))

/** A word such as `sk-loading-indicator-2` has dashes, and no capital. */
const isKey = (text: string): boolean => /\d/.test(text) && (/[A-Z]/.test(text) || /[a-z0-9]{20}/.test(text))

/** Telegram's bots, signatures of Azure's shared access, and what HTTP sends to log in. */
const botToken = /:AA(?<=\d{8}:AA)[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])/g
const signature = /([?&;]sig=)[A-Za-z0-9%+/=_-]{20,}/g
const bearer = /((?:Bearer|Basic|Token|ApiKey)[ \t]{1,4}(?:token=)?"?)([A-Za-z0-9._~+/-]{16,4000}={0,2})/gi
const isLogin = (value: string): boolean =>
  /\d/.test(value) && /[A-Za-z]/.test(value) && !/[./-][a-z]+[./-]/.test(value)

/** User and password in a URL: the password goes. Template code that puts a URL together holds none. */
const urlPassword = /(:\/\/[^\s/:@"'`<>]*:)([^\s/"'`<>]+)(@)/g
const isTemplate = (password: string): boolean =>
  /[${}*[\]]|^%[a-z]|^(?:password|passwd|pass|pwd|secret|token|port)$/i.test(password)

/** Text without tokens of known forms and passwords in URLs. */
export function redactTokens(text: string): string {
  return text
    .replace(token, (found, at: number, all: string) => (begins(all, at) ? mark : found))
    .replace(skToken, (found, at: number, all: string) => (begins(all, at) && isKey(found) ? mark : found))
    .replace(urlPassword, (found, ...[before, password, after]: string[]) =>
      isTemplate(password ?? '') ? found : `${before}${mark}${after}`,
    )
    .replace(botToken, `:${mark}`)
    .replace(signature, `$1${mark}`)
    .replace(bearer, (found, ...[before, value]: string[]) => (isLogin(value ?? '') ? `${before}${mark}` : found))
}
