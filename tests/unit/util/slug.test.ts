import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { slugOf } from '../../../src/util/slug.js'

const env = {
  PATH: process.env.PATH,
  HOME: '/nonexistent',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
}

test.each([
  ['Fix the login', 'fix-the-login'],
  ['修复登录页面的错误', '修复登录页面的错误'],
  ['إصلاح صفحة الدخول', 'إصلاح-صفحة-الدخول'],
  ['लॉगिन ठीक करें', 'लॉगिन-ठीक-करें'],
  ['แก้ไขหน้าเข้าสู่ระบบ', 'แก้ไขหน้าเข้าสู่ระบบ'],
  ['Überprüfe façade, naïve', 'uberprufe-facade-naive'],
  ['İstanbul ŞIŞLI', 'istanbul-sisli'],
  ['Ελλάδα', 'ελλαδα'],
  ['가나다', '가나다'],
  ['ﬁle ① ½', 'file-1-1-2'],
  ['😀🎉', 'session'],
  ['👩‍👩‍👧 family', 'family'],
  ['x'.repeat(300), 'x'.repeat(40)],
  ['漢'.repeat(300), '漢'.repeat(40)],
  ['𠀀'.repeat(300), '𠀀'.repeat(30)],
  ['word '.repeat(60), 'word-word-word-word-word-word-word-word'],
  ['..', 'session'],
  ['../../etc/passwd', 'etc-passwd'],
  ['-x --force', 'x-force'],
  ['a.lock', 'a-lock'],
  ['.lock', 'lock'],
  ['a@{0}', 'a-0'],
  ['@', 'session'],
  ['\x00\x1b[31mred\x07\n', '31mred'],
  ['a~b^c:d?e*f[g\\h', 'a-b-c-d-e-f-g-h'],
  ['a/b//c/', 'a-b-c'],
  ['\u202eabc\u200b', 'abc'],
  ['\ud800x', 'x'],
  ['', 'session'],
  ['   ', 'session'],
  ['HEAD', 'head'],
  ['\u0301', 'session'],
])('%j is %j, and a good branch', (text, slug) => {
  expect(slugOf(text)).toBe(slug)
  expect(Buffer.byteLength(slug)).toBeLessThanOrEqual(120)
  execFileSync('git', ['check-ref-format', `refs/heads/amp/${slug}/20260101-000000`], { env })
  execFileSync('git', ['check-ref-format', '--branch', `amp/${slug}/20260101-000000`], { env, stdio: 'ignore' })
})

test('a slug is its own slug, so that a name typed again finds it', () => {
  for (const text of [
    'Fix the login',
    'लॉगिन ठीक करें',
    'İstanbul ŞIŞLI',
    '漢'.repeat(300),
    'ﬁle ① ½',
    `${'é'.repeat(39)} x`,
    `${'ab '.repeat(50)}`,
    'ẞtraße Σίσυφος',
  ]) {
    expect(slugOf(slugOf(text)), text).toBe(slugOf(text))
  }
})

test('a combining mark is not cut from its letter', () => {
  for (let length = 30; length < 45; length++) {
    const slug = slugOf(`${'क'.repeat(length)}ि${'क'.repeat(20)}`)
    expect(slug.normalize('NFC')).toBe(slug)
    expect(/^\p{M}/u.test(slug)).toBe(false)
  }
})
