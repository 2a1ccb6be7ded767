import { execFileSync } from 'node:child_process'
import { chmodSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Scene, scene } from '../helpers/scene.js'
import { Work } from '../helpers/work.js'

const lines = (changes: Record<number, string> = {}): string =>
  Array.from({ length: 30 }, (_, at) => `${changes[at] ?? `line ${at}`}\n`).join('')

describe('git amp squash, where commits are interleaved', () => {
  it('puts the agent’s commits in the place of the first, in different files', async () => {
    const w = await Work.begin()
    const first = w.manual({ m0: '0' })
    for (let n = 1; n < 4; n++) {
      w.agent({ [`a${n}`]: `${n}`, [`d/a${n}`]: `${n}` })
      w.manual({ [`m${n}`]: `${n}`, [`d/m${n}`]: `${n}` }, `Mine ${n}`)
    }
    expect(await w.squashed()).toEqual(['Own 1', 'S', 'Mine 1', 'Mine 2', 'Mine 3'])
    expect(w.s.git('rev-parse', `${w.branch}~4`)).toBe(first)
    expect(w.s.git('show', '--format=', '--name-only', `${w.branch}~3`).split('\n')).toHaveLength(6)
    expect(w.s.git('show', '--format=', '--name-only', `${w.branch}~1`)).toBe('d/m2\nm2')
  })

  it('in the same file, at different lines', async () => {
    const w = await Work.begin({ f: lines() })
    w.agent({ f: lines({ 2: 'A' }) })
    w.manual({ f: lines({ 2: 'A', 15: 'M' }) }, 'Mine')
    w.agent({ f: lines({ 2: 'B', 15: 'M', 28: 'A' }) })
    expect(await w.squashed()).toEqual(['S', 'Mine'])
    expect(w.s.git('show', `${w.branch}~1:f`)).toBe(lines({ 2: 'B', 28: 'A' }).trimEnd())
  })

  it('says which commit is in the way of it, and squashes each run', async () => {
    const w = await Work.begin({ f: 'x\n' })
    w.agent({ f: 'a\n' })
    const mine = w.manual({ f: 'b\n' }, 'Mine')
    w.agent({ f: 'c\n' })
    w.agent({ g: '1' })
    const answer = await w.s.amp('squash', w.id, '-n', '-m', 'S')
    expect(answer.stderr).toBe(
      `'Mine' (${mine.slice(0, 12)}) and the commits around it cannot change places: it conflicts in f; each run of amp: commits becomes one\n` +
        'Would squash 3 commits into 2, one for each run between your own; own commits stay: 1 commit\n',
    )
    expect(await w.squashed()).toEqual(['S', 'Mine', 'S'])
  })

  it('is not led astray by a clean merge that ends wrong', async () => {
    const w = await Work.begin({ f: 'a\n' })
    w.agent({ f: 'b\n' })
    const mine = w.manual({ f: 'a\n' }, 'Mine')
    w.agent({ f: 'b\n' })
    const answer = await w.squash('-n')
    expect(answer.stderr).toContain(
      `'Mine' (${mine.slice(0, 12)}) and the commits around it cannot change places: the order decides what ends up in f`,
    )
    expect(await w.squashed()).toEqual(['S', 'Mine', 'S'])
  })

  it('stops there when amp.squash says so', async () => {
    const w = await Work.begin({ f: 'a\n' })
    w.s.git('config', 'amp.squash', 'stop')
    w.agent({ f: 'b\n' })
    w.manual({ f: 'a\n' }, 'Mine')
    w.agent({ f: 'b\n' })
    const head = w.s.git('rev-parse', w.branch)
    const answer = await w.squash()
    expect([answer.code, answer.stdout, answer.stderr.replace(/[0-9a-f]{12}/, '<oid12>')]).toMatchInlineSnapshot(`
      [
        1,
        "",
        "error: 'Mine' (<oid12>) and the commits around it cannot change places: the order decides what ends up in f
      hint: With --manual=include everything becomes one commit, manual commits too.
      ",
      ]
    `)
    expect(w.s.git('rev-parse', w.branch)).toBe(head)
    expect((await w.squash('--manual=include')).code).toBe(0)
    expect(w.subjects()).toEqual(['S'])
  })

  it('follows renames, of files and of folders', async () => {
    const w = await Work.begin({ 'old/f': lines(), 'old/g': lines({ 1: 'g' }) })
    w.agent({ other: '1' })
    w.manual({ 'old/f': lines({ 3: 'M' }) }, 'Mine')
    w.agent(() => renameSync(join(w.wt, 'old'), join(w.wt, 'new')))
    w.manual({ 'new/g': lines({ 1: 'g', 9: 'M' }) }, 'More')
    expect(await w.squashed()).toEqual(['S', 'Mine', 'More'])
    expect(w.s.git('ls-tree', '-r', '--name-only', `${w.branch}~2`)).toBe('README.md\nnew/f\nnew/g\nother')
    expect(w.s.git('show', '--format=', '--name-only', `${w.branch}~1`)).toBe('new/f')
  })

  it('does not take halves of renames apart', async () => {
    // Both rename the file, to different names: entry by entry that is clean, and still no merge.
    const w = await Work.begin({ f: lines() })
    w.agent({ a: '1' })
    w.manual(() => renameSync(join(w.wt, 'f'), join(w.wt, 'g')), 'Mine')
    w.agent(() => renameSync(join(w.wt, 'g'), join(w.wt, 'h')))
    expect(await w.squashed()).toEqual(['S', 'Mine', 'S'])
  })

  it('keeps modes, symbolic links, binary files and empty commits', async () => {
    const w = await Work.begin({ script: 'echo\n', binary: '\0\x01\x02', link: 'x' })
    const at = (name: string) => join(w.wt, name)
    w.agent(() => chmodSync(at('script'), 0o755))
    w.manual(() => {
      rmSync(at('link'))
      symlinkSync('script', at('link'))
    }, 'Link')
    w.manual({}, 'Nothing')
    w.agent(() => writeFileSync(at('binary'), Buffer.from([0, 255, 254, 0, 10])))
    w.agent({})
    w.manual({ script: 'echo hello\n' }, 'Script')
    expect(await w.squashed()).toEqual(['S', 'Link', 'Nothing', 'Script'])
    expect(w.s.git('ls-tree', '-r', '--format=%(objectmode) %(path)', `${w.branch}~3`)).toBe(
      '100644 README.md\n100644 binary\n100644 link\n100755 script',
    )
    expect(w.s.git('diff-tree', '--no-commit-id', '-r', `${w.branch}~1`)).toBe('')
  })

  it('does not merge two changes of one binary file', async () => {
    const w = await Work.begin({ binary: '\0one' })
    w.agent({ binary: '\0two' })
    w.manual({ binary: '\0three' }, 'Mine')
    w.agent({ binary: '\0four' })
    expect(await w.squashed()).toEqual(['S', 'Mine', 'S'])
  })

  it('listens to the merge attributes of the worktree', async () => {
    const w = await Work.begin({ f: lines(), '.gitattributes': 'f -merge\n' })
    w.agent({ f: lines({ 2: 'A' }) })
    w.manual({ f: lines({ 2: 'A', 15: 'M' }) }, 'Mine')
    w.agent({ f: lines({ 2: 'B', 15: 'M', 28: 'A' }) })
    expect(await w.squashed()).toEqual(['S', 'Mine', 'S'])
  })

  it('removes folders that both emptied, and keeps files that became folders', async () => {
    const w = await Work.begin({ 'd/a': '1', 'd/m': '1', both: '1' })
    w.agent({ x: '1' })
    w.manual(() => rmSync(join(w.wt, 'd/m')), 'Mine')
    w.agent(() => rmSync(join(w.wt, 'd'), { recursive: true }))
    w.manual(() => {
      rmSync(join(w.wt, 'both'))
      w.s.write({ 'both/inside': '1' }, w.wt)
    }, 'Folder')
    w.agent({ y: '1' })
    expect(await w.squashed()).toEqual(['S', 'Mine', 'Folder'])
    expect(w.s.git('ls-tree', '-r', '--name-only', `${w.branch}~1`)).toBe('README.md\nboth\nx\ny')
  })

  it('works in a sha256 repository, with 30 interleaved commits, without a process for each', async () => {
    const s = scene({ objectFormat: 'sha256' })
    const w = await Work.begin({ f: lines() }, s)
    for (let n = 0; n < 15; n++) {
      w.agent({ [`a/${n % 3}/${n}`]: `${n}` })
      w.manual({ [`m/${n % 3}/${n}`]: `${n}` }, `Mine ${n}`)
    }
    const git = execFileSync('sh', ['-c', 'command -v git'], { env: s.env as NodeJS.ProcessEnv })
    s.program('git', `echo >>"${s.root}/calls"; exec ${git.toString().trim()} "$@"`)
    expect((await w.squash('-n', '--json')).code).toBe(0)
    const calls = s.read('calls', s.root).length
    expect(calls).toBeLessThan(40)
    expect(await w.squashed()).toEqual(['S', ...Array.from({ length: 15 }, (_, n) => `Mine ${n}`)])
    expect(s.git('fsck', '--strict', '--no-dangling')).toBe('')
  })
})

describe('git amp squash, after merges of the base', () => {
  it('makes them vanish; what the base gained stays', async () => {
    const w = await Work.begin({ f: lines() })
    w.agent({ a: '1' })
    w.manual({ m: '1' }, 'Mine')
    w.s.commit({ up: '1', f: lines({ 1: 'up' }) }, 'Upstream')
    w.git('merge', '-q', '--no-edit', 'main')
    w.agent({ f: lines({ 1: 'up', 20: 'A' }) })
    w.s.commit({ later: '1' }, 'Later')
    expect(await w.squashed()).toEqual(['S', 'Mine'])
    expect(w.s.git('rev-parse', `${w.branch}~2`)).toBe(w.s.git('rev-parse', 'main~1'))
    expect(w.s.git('diff', '--name-only', 'main~1', w.branch)).toBe('a\nf\nm')
    expect((await w.s.amp('merge', w.id)).code).toBe(0)
    expect(w.s.git('show', 'main:up')).toBe('1')
    expect(w.s.git('show', 'main:later')).toBe('1')
  })

  it('one commit needs no merges at all, whatever the merge resolved', async () => {
    const w = await Work.begin({ f: 'x\n' })
    w.agent({ f: 'agent\n' })
    w.s.commit({ f: 'up\n' }, 'Upstream')
    expect(() => w.git('merge', '-q', '--no-edit', 'main')).toThrow()
    w.s.write({ f: 'both\n' }, w.wt)
    w.git('add', 'f')
    w.git('commit', '-q', '-m', 'Merge by hand')
    w.agent({ g: '1' })
    expect(await w.squashed()).toEqual(['S'])
    expect(w.s.git('rev-parse', `${w.branch}~1`)).toBe(w.s.git('rev-parse', 'main'))
  })

  it('keeps a merge when the commits before it do not apply on top of the base', async () => {
    const w = await Work.begin({ f: 'x\n' })
    w.agent({ g: '1' })
    w.agent({ g: '2' })
    w.manual({ f: 'mine\n' }, 'Mine')
    w.s.commit({ f: 'up\n' }, 'Upstream')
    expect(() => w.git('merge', '-q', '--no-edit', 'main')).toThrow()
    w.s.write({ f: 'both\n' }, w.wt)
    w.git('add', 'f')
    w.git('commit', '-q', '-m', 'Merge by hand')
    w.agent({ h: '1' })
    expect(await w.squashed()).toEqual(['S', 'Mine', 'Merge by hand', 'S'])
    expect(w.s.git('log', '-1', '--format=%p', `${w.branch}~1`).split(' ')).toHaveLength(2)
  })
})

describe('git amp squash, what it writes', () => {
  const signing = (s: Scene) => s.program('gpg', 'cat >/dev/null; echo "[GNUPG:] SIG_CREATED " >&2; echo signature')

  it('signs rewritten commits again, or says that they lost their signature', async () => {
    const w = await Work.begin()
    signing(w.s)
    w.s.git('config', 'commit.gpgSign', 'true')
    const first = w.manual({ first: '1' }, 'First')
    w.agent({ a: '1' })
    w.manual({ m: '1' }, 'Mine')
    w.agent({ a: '2' })
    w.manual({ n: '1' }, 'More')
    expect(await w.squash('-n')).toMatchObject({ code: 0, stderr: expect.not.stringContaining('signature') })
    expect(await w.squashed()).toEqual(['First', 'S', 'Mine', 'More'])
    expect(w.s.git('rev-parse', `${w.branch}~3`)).toBe(first)
    const signed = () => [3, 2, 1, 0].map((n) => w.s.git('cat-file', '-p', `${w.branch}~${n}`).includes('gpgsig'))
    expect(signed()).toEqual([true, true, true, true])
    w.s.git('config', 'commit.gpgSign', 'false')
    const answer = await w.s.amp('squash', w.id, '-m', 'Other words')
    expect(answer.stderr).toContain('warning: 2 commits lost the signature, because it was written again\n')
    expect(signed()).toEqual([true, false, false, false])
  })

  it('keeps messages and encodings to the byte', async () => {
    const w = await Work.begin()
    w.agent({ a: '1' })
    const message = Buffer.concat([Buffer.from('R\xe4p\xf6\n\n', 'latin1'), Buffer.from('  indented\n\n\n')])
    w.s.write({ m: '1' }, w.wt)
    w.git('add', 'm')
    const raw = (rev: string) =>
      execFileSync('git', ['cat-file', 'commit', rev], { cwd: w.wt, env: w.s.env as NodeJS.ProcessEnv })
    const tree = w.git('write-tree')
    const args = ['-c', 'i18n.commitEncoding=ISO-8859-1', 'commit-tree', '-p', 'HEAD', tree]
    const mine = execFileSync('git', args, { cwd: w.wt, env: w.s.env as NodeJS.ProcessEnv, input: message })
      .toString()
      .trim()
    w.git('reset', '-q', '--hard', mine)
    w.agent({ a: '2' })
    expect(await w.squashed()).toHaveLength(2)
    const rest = (bytes: Buffer) => bytes.toString('latin1').replace(/^(tree|parent|committer) .*\n/gm, '')
    expect(rest(raw('HEAD'))).toBe(rest(raw(mine)))
    expect(rest(raw('HEAD'))).toContain('encoding ISO-8859-1\n\nR\xe4p\xf6\n\n  indented\n\n\n')
  })

  it('puts the result onto another commit, and the files with it', async () => {
    const w = await Work.begin({ f: lines() })
    w.agent({ f: lines({ 2: 'A' }) })
    w.manual({ m: '1' }, 'Mine')
    w.agent({ a: '1' })
    const onto = w.s.commit({ f: lines({ 25: 'up' }), up: '1' }, 'Upstream')
    expect((await w.squash('--onto', 'main', '-n')).stdout).toContain('Mine')
    expect((await w.squash('--onto', 'nowhere')).stderr).toBe("fatal: 'nowhere' is no commit here\n")
    expect((await w.squash('--onto', 'main')).code).toBe(0)
    expect(w.subjects()).toEqual(['S', 'Mine'])
    expect(w.s.git('rev-parse', `${w.branch}~2`)).toBe(onto)
    expect([w.s.read('f', w.wt), w.s.read('up', w.wt), w.s.status(w.id)]).toEqual([
      lines({ 2: 'A', 25: 'up' }),
      '1',
      '',
    ])
    expect(w.s.snapshot(w.id)).toMatchObject({ base: { oid: onto }, heads: [w.s.git('rev-parse', w.branch)] })
    expect(w.s.ended(w.id)).toMatchObject({ onto })
  })

  it('refuses another commit on which it conflicts, or with uncommitted files in the way', async () => {
    const w = await Work.begin({ f: 'x\n' })
    w.agent({ f: 'a\n' })
    w.s.commit({ f: 'up\n' }, 'Upstream')
    const head = w.s.git('rev-parse', w.branch)
    const answer = await w.squash('--onto', 'main')
    expect([answer.code, answer.stderr]).toEqual([
      1,
      'error: the squashed commit conflicts with main in f\nhint: Squash without --onto, then rebase.\n',
    ])
    w.s.write({ f: 'edited\n' }, w.wt)
    expect((await w.squash('--onto', 'main')).stderr).toContain('has uncommitted changes')
    expect(w.s.git('rev-parse', w.branch)).toBe(head)
  })

  it('leaves out what the other commit has already', async () => {
    const w = await Work.begin()
    w.agent({ a: '1' })
    w.manual({ m: '1' }, 'Mine')
    w.s.commit({ m: '1' }, 'Upstream took it')
    const answer = await w.squash('--onto', 'main')
    expect([answer.code, answer.stderr]).toEqual([0, expect.stringContaining('Left out, because the change is there')])
    expect(w.subjects()).toEqual(['S'])
  })
})
