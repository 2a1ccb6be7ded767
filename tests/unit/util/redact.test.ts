import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { redactAll, redactor } from '../../../src/util/redact.js'
import { seeded } from '../../helpers/repository.js'

const plain = redactor({})
// Put together here, so that no scanner takes this file for a leak.
const join = (...parts: string[]) => parts.join('')

describe('what is a secret goes', () => {
  test.each([
    ['GitHub, personal', join('ghp', '_', 'a1B2'.repeat(9))],
    ['GitHub, app', join('ghs', '_', 'a1B2'.repeat(9))],
    ['GitHub, fine-grained', join('github', '_pat_', 'A1b2C3'.repeat(10))],
    ['GitLab', join('glpat', '-', 'abcDEF1234567890_-xx')],
    ['OpenAI', join('sk', '-', 'a1B2c3D4'.repeat(5))],
    ['OpenAI, project', join('sk', '-proj-', 'a1B2_c3D-4'.repeat(4))],
    ['Anthropic', join('sk', '-ant-api03-', 'a1B2_c3D-4'.repeat(4))],
    ['Amp', join('sgamp', '_user_', 'a1B2c3D4'.repeat(4))],
    ['Sourcegraph', join('sgp', '_', 'a1b2c3d4'.repeat(5))],
    ['AWS', join('AKIA', 'IOSFODNN7EXAMPLE')],
    ['Google', join('AIza', 'SyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6q')],
    ['Slack', join('xoxb', '-1234567890-abcdefghij')],
    ['npm', join('npm', '_', 'a1B2'.repeat(9))],
    ['a JWT', join('eyJ', 'hbGciOiJIUzI1NiJ9', '.eyJ', 'zdWIiOiIxMjM0In0', '.abcDEF123_-xyz')],
    [
      'a private key',
      join('-----BEGIN OPENSSH ', 'PRIVATE KEY-----\nb3Blb\nnNza\n-----END OPENSSH ', 'PRIVATE KEY-----'),
    ],
    ['a private key that was cut', join('-----BEGIN RSA ', 'PRIVATE KEY-----\nMIIE\nabc')],
  ])('%s', (_, secret) => {
    expect(plain(secret)).toBe('[redacted]')
    const rest = secret.endsWith('abc') ? '' : ' after'
    expect(plain(`before ${secret}${rest}`)).toBe(`before [redacted]${rest}`)
    expect(plain(`KEY="${secret}"`)).not.toContain(secret)
    expect(plain(plain(secret))).toBe('[redacted]')
  })

  test('the password in a URL, and nothing else of it', () => {
    expect(plain('clone https://user:hunter2@example.com/a.git now')).toBe(
      'clone https://user:[redacted]@example.com/a.git now',
    )
    expect(plain('postgres://u:p%40ss@db:5432/x and redis://:pw@h')).toBe(
      'postgres://u:[redacted]@db:5432/x and redis://:[redacted]@h',
    )
  })

  test('values of variables that are named like secrets, the longest first', () => {
    const env = {
      MY_TOKEN: 'abcdefg1',
      DB_PASSWORD: 'abcdefg1-and-more',
      API_KEY: 'short',
      PATH: '/usr/bin/abc',
      AUTHOR: 'abcdefghij',
      EMPTY_SECRET: '',
      X_SECRET: undefined,
    }
    const redact = redactor(env)
    expect(redact('x=abcdefg1-and-more y=abcdefg1')).toBe('x=[redacted] y=[redacted]')
    expect(redact('a short /usr/bin/abc word')).toBe('a short /usr/bin/abc word')
  })

  test('values with characters that mean something to a pattern', () => {
    const redact = redactor({ MY_TOKEN: 'a.b$&c(d[e\\' })
    expect(redact('[a.b$&c(d[e\\]')).toBe('[[redacted]]')
    expect(redact('aXb$&c(d[e\\')).toBe('aXb$&c(d[e\\')
  })

  test('a secret in the middle of other words', () => {
    const token = join('ghp', '_', 'a1B2'.repeat(9))
    expect(plain(`é${token}`)).toBe('é[redacted]')
    expect(plain(`https://x-access-token:${token}@github.com/a/b`)).toBe(
      'https://x-access-token:[redacted]@github.com/a/b',
    )
  })
})

describe('what is no secret stays', () => {
  const hash = (text: string, how: string) => createHash(how).update(text).digest()
  const random = seeded(7)
  const samples = Array.from({ length: 300 }, (_, index) => String(index))
  const uuid = () =>
    'xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx'.replace(/[xy]/g, () => Math.floor(random() * 16).toString(16))

  test.each([
    ['object ids', samples.map((text) => hash(text, 'sha1').toString('hex')).join(' ')],
    ['object ids of sha256', samples.map((text) => hash(text, 'sha256').toString('hex')).join('\n')],
    ['uuids', samples.map(uuid).join(' ')],
    [
      'integrity hashes',
      samples.map((text) => `"integrity": "sha512-${hash(text, 'sha512').toString('base64')}"`).join('\n'),
    ],
    ['base64', samples.map((text) => hash(text, 'sha512').toString('base64')).join('\n')],
    ['base64url', samples.map((text) => hash(text, 'sha256').toString('base64url')).join(' ')],
  ])('%s', (_, text) => {
    expect(plain(text)).toBe(text)
  })

  test.each([
    'Fix the login form: the token is refreshed twice, and the password field keeps its value.',
    'Why does AKIA appear here? Because sk-learn and sk-8 are words; so is ask-for-a-very-long-name-please-now.',
    'risk-assessment-of-the-new-deployment-pipeline and task-list-for-the-next-iteration-of-work and disk-usage-of-everything-below',
    'sk-estimators-and-other-things-with-long-names',
    'src/components/sk-loading-indicator-with-a-long-name.tsx',
    'node_modules/@types/sk-something/index.d.ts',
    'npm_config_registry=https://registry.npmjs.org/ npm_lifecycle_event=test npm_package_json=/a/b',
    'https://example.com:8080/a@b and http://localhost:3000/x and git@github.com:owner/repo.git',
    'ssh://git@example.com:22/owner/repo.git https://user@example.com/x',
    'mailto:someone@example.com, see file:///home/user/a.txt:12 or http://[::1]:8080/@scope/name',
    'https://example.com/a:b@c and https://registry.npmjs.org/@types/node:latest@20',
    '/home/user/.config/very/long/path/with-dashes_and_underscores/file.test.ts:120:33',
    'C:\\Users\\someone\\AppData\\Local\\Temp',
    'refs/heads/amp/fix-login/20260101-000000',
    'The eyJ prefix starts a JWT. eyJhbGciOiJIUzI1NiJ9 alone is only a header.',
    'xoxo, xoxb- and ghp_ are prefixes; AIza too.',
    '-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----',
    '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----',
    'import { tokens } from "./tokens.js" // SECRET_TOKEN=$SECRET_TOKEN',
    '修复登录 😀 \u2028 \x1b[31m',
    '',
  ])('%j', (text) => {
    expect(plain(text)).toBe(text)
  })
})

test('everything inside a value, and nothing but strings', () => {
  const redact = (text: string) => text.replaceAll('x', '*')
  const value = { a: 'x', b: ['x', 1, null, true, { c: 'xx' }], x: undefined, d: 0 }
  expect(redactAll(value, redact)).toEqual({ a: '*', b: ['*', 1, null, true, { c: '**' }], x: undefined, d: 0 })
  expect(value.a).toBe('x')
  const hostile = redactAll(JSON.parse('{"__proto__":{"a":"x"}}'), redact)
  expect(Object.getPrototypeOf(hostile)).toBe(Object.prototype)
  expect(JSON.stringify(hostile)).toBe('{"__proto__":{"a":"*"}}')
})

test('1 MB of text that begins like a secret all the time comes to an end', () => {
  const texts = [
    'eyJ'.repeat(350_000),
    'eyJ-'.repeat(260_000),
    'a://'.repeat(260_000),
    'https://a:'.repeat(100_000),
    '-----BEGIN '.repeat(95_000),
    'sk-'.repeat(350_000),
  ]
  // A pattern that looks back over all of it takes minutes: the limit of every test is what fails then.
  for (const text of texts) expect(plain(text).length).toBeGreaterThan(0)
})
