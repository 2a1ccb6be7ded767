import { execFileSync } from 'node:child_process'
import { chmodSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Work } from '../helpers/work.js'

/** A session with every kind of change that patches get wrong. */
async function hardWork(): Promise<Work> {
  const long = Array.from({ length: 40 }, (_, at) => `line ${at}`).join('\n')
  const w = await Work.begin({ 'moved.txt': long, 'mode.sh': 'echo\n', 'gone.txt': 'gone\n', 'last.txt': 'no newline' })
  const put = (name: string, bytes: Buffer | string) => writeFileSync(join(w.wt, name), bytes)
  w.agent(() => {
    put('image.bin', Buffer.from(Array.from({ length: 3000 }, (_, at) => (at * 7919) % 256)))
    put('latin1.txt', Buffer.from('f\xfcr dich\n', 'latin1'))
    put('crlf.txt', 'one\r\ntwo\r\n')
    put('From here', 'From a\nFrom 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\n')
  })
  w.agent(() => {
    renameSync(join(w.wt, 'moved.txt'), join(w.wt, 'ümlaut "x".txt'))
    chmodSync(join(w.wt, 'mode.sh'), 0o755)
    rmSync(join(w.wt, 'gone.txt'))
    put('last.txt', 'still no newline')
    put('latin1.txt', Buffer.from('f\xfcr mich\r\n', 'latin1'))
    put('long.txt', `${'x'.repeat(5000)} \n`)
    symlinkSync('last.txt', join(w.wt, 'link'))
    put('spaces.txt', 'a \t\n\n\n')
  })
  const message = [
    'Ünïcode subject that goes on for longer than any header line may be, with a comma, a "quote" and =?UTF-8?q?x?=',
    '',
    'From: not a header',
    '',
    'From the beginning, and',
    'From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001',
    '>From quoted',
    'mid --- dash',
    '',
    'Trailer-Like: yes',
  ].join('\n')
  w.manual({ 'own.txt': '1\n' }, 'Sir Q, (c).')
  w.git('commit', '-q', '--amend', '-m', message)
  w.manual({ 'own.txt': '2\n' }, 'Cut\n\nbefore\n---\nbehind\ndiff -u is a command\nIndex: of things\n--- a/file')
  w.manual({}, 'Empty')
  w.manual({ 'own.txt': '3\n' }, 'One\nsubject on two lines\n\n[PATCH] body')
  return w
}

/** Another clone that has the base alone. */
function elsewhere(w: Work): {
  dir: string
  git(...args: string[]): string
  feed(file: string, ...args: string[]): void
} {
  const { s } = w
  const dir = join(s.root, 'there')
  s.gitAt(s.root, 'clone', '-q', '--single-branch', '--branch', 'main', s.dir, dir)
  return {
    dir,
    git: (...args) => s.gitAt(dir, ...args),
    feed: (file, ...args) =>
      void execFileSync('git', [...args, file], { cwd: dir, env: s.env as NodeJS.ProcessEnv, stdio: 'pipe' }),
  }
}

describe('git amp export --format patch', () => {
  it('gives the same files with plain git apply, whatever the user has configured', async () => {
    const w = await hardWork()
    for (const [key, value] of [
      ['diff.noprefix', 'true'],
      ['diff.external', 'false'],
      ['diff.algorithm', 'patience'],
      ['color.ui', 'always'],
      ['diff.renames', 'copies'],
      ['core.quotePath', 'false'],
      ['diff.context', '0'],
    ]) {
      w.s.git('config', key as string, value as string)
    }
    expect(await w.s.amp('export', w.id, '--out', '../a.patch')).toMatchObject({ code: 0, stderr: '' })
    const there = elsewhere(w)
    there.feed('../a.patch', 'apply', '--index')
    expect(there.git('write-tree')).toBe(w.tree())
    const printed = await w.s.amp('export', w.id, '--format', 'patch')
    expect(printed.code).toBe(0)
    expect(printed.stdout).toContain('rename from moved.txt')
  })

  it('leaves uncommitted changes out and says so; a file without an extension gets its name in a directory', async () => {
    const w = await Work.begin()
    w.agent({ 'a.txt': '1\n' })
    w.s.write({ 'more.txt': 'x' }, w.wt)
    const answer = await w.s.amp('export', w.id, '--format', 'patch', '--out', '../out/')
    expect(answer).toMatchObject({ code: 0, stdout: `${w.s.root}/out/a.patch\n` })
    expect(answer.stderr).toBe('hint: The uncommitted changes in its worktree are not in it.\n')
    expect(w.s.read('out/a.patch', w.s.root)).not.toContain('more.txt')
    const told = await w.s.amp('export', w.id, '--format', 'mbox', '--out', '../a', '--json', '-q')
    expect(JSON.parse(told.stdout)).toEqual({
      schema: 'git-amp/exported@1',
      files: [{ path: `${w.s.root}/a`, tables: [] }],
    })
  })
})

describe('git amp export --format mbox', () => {
  it('gives the same commits with plain git am', async () => {
    const w = await hardWork()
    expect(await w.s.amp('export', w.id, '--out', '../a.mbox')).toMatchObject({ code: 0, stderr: '' })
    const there = elsewhere(w)
    const base = there.git('rev-parse', 'HEAD')
    there.feed('../a.mbox', 'am', '-q')
    expect(there.git('rev-parse', 'HEAD^{tree}')).toBe(w.tree())
    const log = (git: (...args: string[]) => string, tip: string) =>
      git('log', '--reverse', '--date=raw', '-z', '--format=%an <%ae>%n%ad%n%B', `${base}..${tip}`).split('\0')
    const wanted = log((...args) => w.git(...args), 'HEAD')
      .filter((text) => !text.includes('Empty'))
      .map((text) =>
        text
          .replace('One\nsubject', 'One subject')
          .replace(/^(---|diff -u is a command|Index: of things|--- a\/file)$/gm, ' $1'),
      )
    expect(log(there.git, 'HEAD')).toEqual(wanted)
    const count = Number(there.git('rev-list', '--count', `${base}..HEAD`))
    expect(count).toBe(5)
  })

  it('is plain text where it can be', async () => {
    const w = await Work.begin()
    w.agent({ 'a.txt': '1\n' })
    const { stdout } = await w.s.amp('export', w.id, '--format', 'mbox')
    expect(stdout).toContain('Content-Transfer-Encoding: 7bit\n\nAmp-Session: ')
    expect(stdout).toContain('Subject: [PATCH] amp: 1\n')
    expect(stdout).toContain('+++ b/a.txt\n@@ -0,0 +1 @@\n+1\n')
  })

  it('refuses a merge, and says what does instead', async () => {
    const w = await Work.begin()
    w.agent({ 'a.txt': '1\n' })
    w.s.commit({ 'b.txt': '1\n' })
    w.git('merge', '-q', '--no-edit', 'main')
    const answer = await w.s.amp('export', w.id, '--out', '../a.mbox')
    expect(answer.code).toBe(1)
    expect(answer.stderr).toContain(
      'error: session a has a merge commit, which no mail can hold\nhint: "git amp export',
    )
    expect(w.s.exists('a.mbox', w.s.root)).toBe(false)
    expect((await w.s.amp('export', w.id, '--out', '../a.patch')).code).toBe(0)
  })

  it('still tells of a merged and of a removed session', async () => {
    const w = await Work.begin()
    w.agent({ 'a.txt': '1\n' })
    const before = (await w.s.amp('export', w.id, '--format', 'patch')).stdout
    expect((await w.s.amp('merge', w.id, '--no-test')).code).toBe(0)
    expect((await w.s.amp('export', w.id, '--format', 'patch')).stdout).toBe(before)
  })

  it('holds one session', async () => {
    const w = await Work.begin()
    const answer = await w.s.amp('export', w.id, w.id, '--format', 'mbox')
    expect(answer).toMatchObject({ code: 129, stderr: expect.stringContaining('error: mbox holds one session') })
    expect((await w.s.amp('export', w.id, '--format', 'md', '--since', 'now')).stderr).toContain(
      'error: --since goes with json, ndjson, csv',
    )
  })
})
