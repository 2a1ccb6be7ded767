// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are what is looked at
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { redactLine, redactor, valueRedactor } from '../../../src/util/redact.js'
import { isEnvFile, parseEnvFile, secretsInEnvFile } from '../../../src/util/secret-values.js'
import { seeded } from '../../helpers/repository.js'

const plain = redactor({})
// Put together here, so that no scanner takes this file for a leak.
const put = (...parts: string[]) => parts.join('')
const random = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYa1B2c3D4e5'
const body =
  'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7\nVJTUt9Us8cKjMzEfYyjiWA4R4/M2bS1GB4t7NXp98C3SC6dVMvDuictGeurT8jNb\n'

describe('tokens of known forms', () => {
  test.each([
    ['Google OAuth', put('ya29', '.a0AfH6SMBx1234567890abcdef')],
    ['Google client', put('GOCSPX', '-', 'a1B2c3D4e5F6g7H8i9J0k1L2m3N4')],
    ['Slack app', put('xapp', '-1-A0123456789-1234567890123-abcdef')],
    ['Stripe', put('sk', '_live_', '4eC39HqLyjWDarjtT1zdp7dc')],
    ['Stripe, restricted', put('rk', '_test_', '4eC39HqLyjWDarjtT1zdp7dc')],
    ['Stripe webhook', put('whsec', '_', 'a1B2c3D4e5F6g7H8i9J0k1L2')],
    ['PyPI', put('pypi', '-AgEIcHlwaS5vcmc', 'a1B2c3D4'.repeat(6))],
    ['SendGrid', put('SG', '.a1B2c3D4e5F6g7H8i9J0k1', '.a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0u1V')],
    ['Twilio', put('SK', '0123456789abcdef0123456789abcdef')],
    ['Hugging Face', put('hf', '_', 'aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeFgH')],
    ['GitLab runner', put('glrt', '-', 'abcDEF1234567890_-xx')],
    ['DigitalOcean', put('dop', '_v1_', '0123456789abcdef'.repeat(4))],
    ['Vault', put('hvs', '.', 'CAESIJ1a2b3c4d5e6f7g8h9i')],
    ['Groq', put('gsk', '_', 'a1B2c3D4'.repeat(6))],
    ['age', put('AGE-SECRET', '-KEY-1', 'QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7LQPZRY9X8GF2TVDW0S3JN54KHCE')],
  ])('%s', (_, secret) => {
    for (const around of ['%s', 'a %s b', 'X="%s"', 'x\\n%s\\n', '(%s)', 'a%%3D%s', '\x1b[31m%s\x1b[m'])
      expect(plain(around.replace('%s', secret))).toBe(around.replace('%s', '[redacted]'))
    expect(plain(`nothing${secret}`)).toBeTypeOf('string')
  })

  test('what HTTP sends to log in, and signed addresses', () => {
    expect(plain(`Authorization: Bearer ${random}`)).toBe('Authorization: Bearer [redacted]')
    expect(plain("-H 'Authorization: Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW'")).toContain('Basic [redacted]')
    expect(plain('https://x.blob.core.windows.net/c?sv=2020&sig=a1B2c3D4e5%2BF6g7H8i9J0%3D&se=1')).toBe(
      'https://x.blob.core.windows.net/c?sv=2020&sig=[redacted]&se=1',
    )
    expect(plain('postgres://u:p@ss@db/x')).toBe('postgres://u:[redacted]@db/x')
  })
})

describe('private keys', () => {
  const pem = (kind = '') => put(`-----BEGIN ${kind}`, `PRIVATE KEY-----\n${body}-----END ${kind}`, 'PRIVATE KEY-----')
  const both = (text: string) => {
    expect(plain(text)).not.toMatch(/MIIE|VJTU|VMvDu/)
    return plain(text)
  }

  test.each(['', 'RSA ', 'EC ', 'OPENSSH ', 'ENCRYPTED ', 'DSA '])('of kind "%s"', (kind) => {
    expect(both(`a\n${pem(kind)}\nb`)).toBe('a\n[redacted]\nb')
  })

  test.each([
    ['with its newlines escaped', (text: string) => text.replaceAll('\n', '\\n')],
    ['escaped twice', (text: string) => text.replaceAll('\n', '\\\\n')],
    ['with CR LF', (text: string) => text.replaceAll('\n', '\r\n')],
    ['indented', (text: string) => text.replaceAll('\n', '\n    ')],
    [
      'with line numbers',
      (text: string) =>
        text
          .split('\n')
          .map((line, n) => `${String(n).padStart(6)}→${line}`)
          .join('\n'),
    ],
    [
      'with numbers and tabs',
      (text: string) =>
        text
          .split('\n')
          .map((line, n) => `${String(n).padStart(6)}\t${line}`)
          .join('\n'),
    ],
    [
      'in a diff',
      (text: string) =>
        text
          .split('\n')
          .map((line) => `+${line}`)
          .join('\n'),
    ],
    [
      'in the lines of a source',
      (text: string) =>
        text
          .split('\n')
          .map((line) => `  "${line}\\n" +`)
          .join('\n'),
    ],
    ['on one line', (text: string) => text.replaceAll('\n', ' ')],
  ])('%s', (_, change) => {
    expect(both(`before\n${change(pem())}\nafter`)).toMatch(/^before\n[\s\S]*after$/)
  })

  test('cut off, and with headers', () => {
    both(pem().slice(0, 120))
    both(put('-----BEGIN RSA ', `PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,AB\n\n${body}`))
  })

  test.each([
    "if (text.startsWith('-----BEGIN RSA PRIVATE KEY-----')) return parse(text)",
    'const header = "-----BEGIN PRIVATE KEY-----\\n"\nconst footer = "\\n-----END PRIVATE KEY-----"\n',
    'A key begins with -----BEGIN PRIVATE KEY----- and is followed by base64.',
    '-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----',
    '-----BEGIN [A-Z ]*PRIVATE KEY-----[\\s\\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)',
  ])('code that names them stays: %j', (text) => {
    expect(plain(text)).toBe(text)
  })
})

describe('values by their names', () => {
  test.each([
    ['DB_PASSWORD=hunter22', 'DB_PASSWORD=[redacted]'],
    ['export API_KEY=abcd1234efgh', 'export API_KEY=[redacted]'],
    ['$ TOKEN=a1b2c3d4e5f6 npm publish', '$ TOKEN=[redacted] npm publish'],
    ['PASSWORD="pa55 word"', 'PASSWORD="pa55 word"'],
    [`AWS_SECRET_ACCESS_KEY=${random}`, 'AWS_SECRET_ACCESS_KEY=[redacted]'],
    [`aws_secret_access_key = ${random}`, 'aws_secret_access_key = [redacted]'],
    [`"SecretAccessKey": "${random}"`, '"SecretAccessKey": "[redacted]"'],
    ['{"password": "hunter2"}', '{"password": "[redacted]"}'],
    ['{\\"password\\":\\"hunter2\\",\\"a\\":1}', '{\\"password\\":\\"[redacted]\\",\\"a\\":1}'],
    ["const apiKey = 'a1b2c3d4e5f6g7h8'", "const apiKey = '[redacted]'"],
    ['  password: hunter2', '  password: [redacted]'],
    [`api_key: ${random}`, 'api_key: [redacted]'],
    ['X-Api-Key: a1b2c3d4e5f6g7h8i9j0', 'X-Api-Key: [redacted]'],
    ['https://x/?token=a1b2c3d4&x=1', 'https://x/?token=[redacted]&x=1'],
    ['mysql --password=hunter22 -u root', 'mysql --password=[redacted] -u root'],
    ['cli --token a1b2c3d4e5f6g7', 'cli --token [redacted]'],
    [
      `DefaultEndpointsProtocol=https;AccountName=x;AccountKey=${random}==;EndpointSuffix=core.windows.net`,
      'DefaultEndpointsProtocol=https;AccountName=x;AccountKey=[redacted];EndpointSuffix=core.windows.net',
    ],
    ['Server=db;User Id=sa;Password=hunter22;Encrypt=true', 'Server=db;User Id=sa;Password=[redacted];Encrypt=true'],
    ['config["secret"] = "a1b2c3d4e5f6g7"', 'config["secret"] = "[redacted]"'],
  ])('%s', (text, clean) => {
    expect(plain(text)).toBe(clean)
    expect(plain(clean)).toBe(clean)
  })

  test.each([
    'password = os.environ["PASSWORD"]',
    'token = lexer.next()',
    'const secret = getSecret()',
    'api_key: str',
    'api_key: str = Field(default=None)',
    'def login(user: str, password: str | None = None) -> Token:',
    'const { token, secret } = config',
    'this.token = token2;',
    'token: Token2,',
    "password: 'Enter your password'",
    '{"password": "password", "token": "<token>"}',
    'PASSWORD=$1 TOKEN=$(cat token) SECRET="${SECRET}"',
    'SECRET_KEY = settings.SECRET_KEY',
    'let apiKey = process.env.API_KEY ?? ""',
    "auth: 'login.form.step2'",
    'if (token === "identifier2") return',
    'password=password&token=token',
    'e.token=t,e.secret=n[2],e.password=r(3)',
    'token := scanner.Text()',
    'case Token.Secret: return a1',
    'max_tokens: 4096, "input_tokens": 12345678, TOKEN_LIMIT=100000',
    'tokenizer = Tokenizer.from_pretrained("bert-base-uncased-v2")',
    'SECRET_FILE=/run/secrets/db2 TOKEN_URL=https://auth.example.com/oauth2/token',
    'import { auth } from "@scope/auth2"',
    'postgres://${user}:${password}@${host}/x and http://{user}:{pass}@host',
  ])('code stays: %s', (text) => {
    expect(plain(text)).toBe(text)
  })

  test('the files of this project stay as they are', () => {
    const home = resolve(import.meta.dirname, '../../..')
    const files = ['src', 'man', 'completions', 'tests/helpers', 'tests/fixtures'].flatMap((dir) =>
      readdirSync(join(home, dir), { recursive: true, encoding: 'utf8', withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name)),
    )
    for (const file of [...files, join(home, 'package-lock.json'), join(home, 'README.md')]) {
      const text = readFileSync(file, 'utf8')
      const wrong = text.split('\n').filter((line, index) => line !== plain(text).split('\n')[index])
      if (plain(text) !== text) expect(wrong, file).toEqual([])
    }
  })
})

describe('.env files', () => {
  test('are read as programs read them', () => {
    const text = [
      '# comment',
      'A=1 # one',
      'export B="x\\ny"',
      "C='a # b'",
      'D = spaced ',
      'E="line 1',
      'line 2"',
      'F=`back`',
      'not a line',
      'G=',
    ].join('\r\n')
    expect(parseEnvFile(text)).toEqual([
      ['A', '1'],
      ['B', 'x\\ny'],
      ['B', 'x\ny'],
      ['C', 'a # b'],
      ['D', 'spaced'],
      ['E', 'line 1\r\nline 2'],
      ['E', 'line 1\r\nline 2'],
      ['F', 'back'],
      ['G', ''],
    ])
  })

  test('hold secrets by name, by looks and in addresses; the rest is anybody’s word', () => {
    const text = `NODE_ENV=production\nPORT=3000\nSTRIPE_KEY=abc-123-def\nDATABASE_URL=postgres://u:s3cr%40t@db/x\nX=a1B2c3D4e5F6g7H8i9J0\nNEXT_PUBLIC_KEY=abc-123-def2\nHOST=localhost\nROOT_KEY=/etc/ssl/key2`
    expect(secretsInEnvFile(text)).toEqual(['abc-123-def', 's3cr%40t', 's3cr@t', 'a1B2c3D4e5F6g7H8i9J0'])
  })

  test('have many names', () => {
    expect(['.env', '.env.local', '.envrc', '.env.production.local', '.dev.vars'].every(isEnvFile)).toBe(true)
    expect(['.env.example', '.env.sample', '.environment', 'env', '.env.template', '.envx'].some(isEnvFile)).toBe(false)
  })
})

describe('exact values', () => {
  const value = 'p"a\\s\tä😀/+?&=x\nsecond line of it 42'

  test.each([
    ['as it is', (text: string) => text],
    ['in JSON', (text: string) => JSON.stringify({ a: text })],
    ['in JSON in JSON', (text: string) => JSON.stringify({ a: JSON.stringify({ b: text }) })],
    ['in a URL', (text: string) => `?a=${encodeURIComponent(text)}`],
    ['in base64', (text: string) => Buffer.from(text).toString('base64')],
    ['in base64, behind something', (text: string) => Buffer.from(`u:${text}x`).toString('base64')],
    ['in base64url, behind something', (text: string) => Buffer.from(`ab:${text}`).toString('base64url')],
  ])('%s', (_, change) => {
    const clean = valueRedactor([value])(change(value))
    expect(clean).toContain('[redacted]')
    for (const piece of [
      value,
      'second line',
      encodeURIComponent('ä😀'),
      Buffer.from(value).toString('base64').slice(6, -6),
    ])
      expect(clean).not.toContain(piece)
  })
})

describe('JSON stays JSON', () => {
  const secrets = ['quo"te\\back 7', 'new\nline\ttab 88', 'ünï😀cöde99', 'plain-secret-1', random]
  const redact = redactor({}, secrets)
  const next = seeded(11)
  const pick = <T>(items: readonly T[]): T => items[Math.floor(next() * items.length)] as T
  const word = (): string =>
    Array.from({ length: Math.floor(next() * 6) }, () =>
      pick([
        ...secrets,
        'a',
        '"',
        '\\',
        '\n',
        '{',
        '[',
        ':',
        ',',
        ' ',
        '\u2028',
        '\ud800',
        'é',
        '\\n',
        'password',
        '=',
      ]),
    ).join('')
  const make = (depth: number): unknown => {
    const kind = Math.floor(next() * (depth > 3 ? 4 : 7))
    if (kind < 2) return word()
    if (kind === 2) return next() * 1e6
    if (kind === 3) return pick([null, true, false, 0, 1e21])
    if (kind === 4) return JSON.stringify(make(depth + 1))
    if (kind === 5) return Array.from({ length: 3 }, () => make(depth + 1))
    return Object.fromEntries(
      Array.from({ length: 3 }, () => [pick(['password', 'a', 'token', word()]), make(depth + 1)]),
    )
  }

  test('whatever is in it, and no secret is left in it', () => {
    for (let round = 0; round < 3000; round++) {
      const line = JSON.stringify({ a: make(0) })
      const clean = redactLine(line, redact)
      const text = JSON.stringify(JSON.parse(clean))
      for (const secret of secrets) expect(text).not.toContain(JSON.stringify(secret).slice(1, -1))
      if (clean === line) continue
      expect(text).toContain('[redacted]')
    }
  })

  test('and everything beside the secret stays as it was written', () => {
    const line = `{ "b": 1.0, "a":"x plain-secret-1 \\u00e9\\/",  "n": 12345678901234567890, "s":"\\/" }`
    expect(redactLine(line, redact)).toBe('{ "b": 1.0, "a":"x [redacted] é/",  "n": 12345678901234567890, "s":"\\/" }')
    expect(redactLine('{"token":"a1b2c3d4e5f6g7"}', plain)).toBe('{"token":"[redacted]"}')
    expect(redactLine('{"token":5,"x":"a1b2c3d4e5f6g7"}', plain)).toBe('{"token":5,"x":"a1b2c3d4e5f6g7"}')
  })
})

test('10 MB on one line come to an end', () => {
  const units = [
    'eyJ',
    'eyJ-',
    '-----BEGIN RSA PRIVATE KEY-----',
    '-----BEGIN PRIVATE KEY-----\\nab',
    'password="',
    'token = ',
    '\\"',
  ]
  for (const unit of units) expect(redactLine(unit.repeat(2_000_000 / unit.length), plain).length).toBeGreaterThan(0)
  const long = JSON.stringify({ a: `${'abc def '.repeat(1_250_000)} ${put('ghp', '_', 'a1B2'.repeat(9))}` })
  expect(redactLine(long, plain)).toBe(`${long.slice(0, -42)}[redacted]"}`)
})
