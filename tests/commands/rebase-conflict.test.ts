import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { plain } from '../helpers/run.js'
import { type Scene, scene } from '../helpers/scene.js'

type Files = Record<string, string>

/** A session whose first commit conflicts with the base in `a`, and whose second one does not. */
async function disputed(options: { args?: string[]; objectFormat?: string } = {}) {
  const s = scene(options.objectFormat === undefined ? {} : { objectFormat: options.objectFormat })
  s.commit({ a: 'base\n' })
  const id = await s.session('a', options.args === undefined ? {} : { args: options.args })
  await s.iterate(id, 'echo ours >a; echo 1 >b')
  await s.iterate(id, 'echo 2 >c')
  const onto = s.commit({ a: 'theirs\n', up: 'stream' }, 'Upstream')
  const branch = s.branch(id)
  return { s, id, onto, branch, wt: s.worktree(id), old: s.git('rev-parse', branch) }
}

/** The same, stopped at the conflict. */
async function stopped(options: Parameters<typeof disputed>[0] = {}) {
  const found = await disputed(options)
  expect((await found.s.amp('rebase', found.id)).code).toBe(1)
  return found
}

const resolve = (s: Scene, wt: string, files: Files = { a: 'both\n' }) => {
  s.write(files, wt)
  s.gitAt(wt, 'add', ...Object.keys(files))
}

/** Branch, files, index, chain and the records of this clone agree on a session that was rebased. */
async function isRebased(
  found: Awaited<ReturnType<typeof disputed>>,
  files: Files = { a: 'both\n', b: '1\n', c: '2\n' },
) {
  const { s, id, onto, branch, wt, old } = found
  const head = s.git('rev-parse', branch)
  expect(s.gitAt(wt, 'symbolic-ref', 'HEAD')).toBe(`refs/heads/${branch}`)
  expect(s.git('merge-base', branch, onto)).toBe(onto)
  expect(s.status(id)).toBe('')
  for (const [name, text] of Object.entries(files)) expect([name, s.read(name, wt)]).toEqual([name, text])
  expect(s.snapshot(id)).toMatchObject({ heads: [head], base: { oid: onto } })
  expect(s.snapshot(id)).not.toHaveProperty('rebasing')
  expect(s.events(id).at(-1)).toBe('session.rebased')
  expect(readdirSync(join(s.dir, '.git/amp/rebases'))).toEqual([])
  // Both tips stay reachable from the chain.
  for (const tip of [old, head]) s.git('merge-base', '--is-ancestor', tip, `refs/amp/sessions/${id}`)
  const last = s.ended(id) as { map: [string, string][] }
  expect(last.map.map(([before]) => before)).toEqual(
    s.git('rev-list', '--reverse', `${onto}..${old}`, '^main').split('\n'),
  )
  expect((await s.amp('list', '--format', '%(state)')).stdout).toBe('idle\n')
  return last.map
}

/** The session is where it was before the rebase. */
async function isBack({ s, id, branch, wt, old }: Awaited<ReturnType<typeof disputed>>) {
  expect(s.git('rev-parse', branch)).toBe(old)
  expect(s.gitAt(wt, 'symbolic-ref', 'HEAD')).toBe(`refs/heads/${branch}`)
  expect([s.status(id), s.read('a', wt), s.exists('up', wt)]).toEqual(['', 'ours\n', false])
  expect(s.snapshot(id).heads).toEqual([old])
  expect(s.snapshot(id)).not.toHaveProperty('rebasing')
  expect((await s.amp('list', '--format', '%(state)')).stdout).toBe('idle\n')
}

describe('git amp rebase on a conflict', () => {
  it('leaves a conflict of git’s own in the worktree, and everything else refuses', async () => {
    const { s, id, wt, branch, old } = await disputed()
    const before = s.checkout()
    const answer = await s.amp('rebase', id)
    expect([answer.code, plain(answer.stderr, s.root)]).toMatchInlineSnapshot(`
      [
        1,
        "error: 'amp: echo ours >a; echo 1 >b' (<oid12>) conflicts with the base in a
      hint: Resolve it in $ROOT/repo/.worktrees/<id> and "git add" the files, then run "git amp rebase --continue <id>".
      hint: "git amp rebase --skip <id>" leaves the commit out, "git amp rebase --abort <id>" goes back.
      ",
      ]
    `)
    expect(s.gitAt(wt, 'status', '--porcelain')).toContain('UU a')
    expect(s.git('rev-parse', branch)).toBe(old)
    expect(s.checkout()).toBe(before)
    expect(s.snapshot(id)).toMatchObject({ heads: [old], rebasing: { from: old, host: 'test-host' } })
    const list = await s.amp('list')
    expect([plain(list.stdout, s.root), list.stderr]).toEqual([
      expect.stringMatching(/^! \w+ {2}a {2}conflict {2}iter 2/),
      expect.stringMatching(/is being rebased; finish it with "git amp rebase --continue \w+"/),
    ])
    expect((await s.amp('list', '--state', 'conflict', '--format', '%(slug)')).stdout).toBe('a\n')
    const show = (await s.amp('show', id)).stdout
    expect(show).toMatch(/State: +conflict, in a rebase onto /)
    expect(show).toContain(`"git amp rebase --continue ${id}"`)
    const refs = s.refs()
    for (const argv of [
      ['iterate', id, '-m', 'true'],
      ['squash', id],
      ['merge', id],
      ['merge', id, '-n'],
      ['rebase', id],
      ['rebase', id, '-n'],
      ['test', id, '--force'],
    ]) {
      const refused = await s.amp(...argv)
      const isTest = argv[0] === 'test'
      expect([argv, refused.code]).toEqual([argv, 128])
      if (!isTest) expect(refused.stderr).toContain('fatal: session a is being rebased, with conflicts in a\n')
    }
    expect(s.refs()).toBe(refs)
    expect(s.read('a', wt)).toContain('<<<<<<<')
  })

  it.each(['sha1', 'sha256'])('--continue goes on when it is resolved (%s)', async (objectFormat) => {
    const found = await stopped({ objectFormat })
    const { s, id, wt, old, branch } = found
    const early = await s.amp('rebase', '--continue', id)
    expect([early.code, early.stderr]).toEqual([1, expect.stringContaining('conflicts with the base in a\n')])
    resolve(s, wt)
    const answer = await s.amp('rebase', '--continue', id)
    expect([answer.code, plain(answer.stdout, s.root), answer.stderr]).toEqual([
      0,
      'rebased 2 commits of amp/a/<time> onto <oid12>, now at <oid12>\n',
      '',
    ])
    const map = await isRebased(found)
    expect(map.map(([, after]) => after)).toEqual(s.git('rev-list', '--reverse', `main..${branch}`).split('\n'))
    expect(s.git('log', '-1', '--notes=amp', '--format=%N', `${branch}~1`)).toContain('iteration 1')
    const operation = JSON.parse(
      /^Amp-Operation: (.*)$/m.exec(s.git('log', '-1', '--format=%B', 'refs/amp-local/oplog'))?.[1] ?? '',
    )
    expect(operation.refs).toContainEqual({
      ref: `refs/heads/${branch}`,
      before: old,
      after: s.git('rev-parse', branch),
    })
    await s.iterate(id, 'echo 3 >c')
    expect(s.subjects(`main..${branch}`)).toHaveLength(3)
  })

  it('works inside of the worktree, and stops at each conflict', async () => {
    const s = scene()
    s.commit({ a: 'base\n', b: 'base\n' })
    const id = await s.session('a')
    await s.iterate(id, 'echo ours >a')
    await s.iterate(id, 'echo ours >b')
    s.commit({ a: 'theirs\n', b: 'theirs\n' }, 'Upstream')
    const wt = s.worktree(id)
    const first = JSON.parse((await s.ampAt(wt, 'rebase', '--json')).stdout)
    expect(first).toMatchObject({ schema: 'git-amp/no@1', conflict: { paths: ['a'], worktree: wt } })
    resolve(s, wt)
    const next = await s.ampAt(wt, 'rebase', '--continue')
    expect([next.code, next.stderr]).toEqual([1, expect.stringContaining('conflicts with the base in b\n')])
    resolve(s, wt, { b: 'both\n' })
    expect((await s.ampAt(wt, 'rebase', '--continue', '--json')).stdout).toContain('git-amp/rebase@1')
    expect([s.read('a', wt), s.read('b', wt), s.status(id)]).toEqual(['both\n', 'both\n', ''])
  })

  it('--skip leaves the commit out', async () => {
    const found = await stopped()
    const { s, id, branch, onto } = found
    const answer = await s.amp('rebase', '--skip', id)
    expect([answer.code, plain(answer.stderr, s.root)]).toEqual([
      0,
      'Left out, because it was skipped, or the base has the change already: <oid12>\n',
    ])
    const map = await isRebased(found, { a: 'theirs\n', c: '2\n' })
    expect(map.map(([, after]) => after)).toEqual([onto, s.git('rev-parse', branch)])
  })

  it('--abort keeps what is hidden from git by flags of the index', async () => {
    const { s, id, wt } = await stopped()
    s.gitAt(wt, 'update-index', '--assume-unchanged', 'README.md')
    s.write({ 'README.md': 'hidden\n' }, wt)
    const oid = s.gitAt(wt, 'hash-object', 'README.md')
    expect((await s.amp('rebase', '--abort', id)).code).toBe(0)
    const objects = s.git('rev-list', '--objects', '--no-object-names', `refs/amp/sessions/${id}`).split('\n')
    expect(objects).toContain(oid)
  })

  it('--skip keeps what was resolved reachable', async () => {
    const { s, id, wt } = await stopped()
    resolve(s, wt, { a: 'half done\n', new: 'file\n' })
    const blobs = ['a', 'new'].map((file) => s.gitAt(wt, 'hash-object', file))
    expect((await s.amp('rebase', '--skip', id)).code).toBe(0)
    const objects = s.git('rev-list', '--objects', '--no-object-names', `refs/amp/sessions/${id}`).split('\n')
    expect(objects).toEqual(expect.arrayContaining(blobs))
  })

  it('--abort goes back, and keeps what stood there reachable', async () => {
    const found = await stopped()
    const { s, id, wt } = found
    resolve(s, wt, { a: 'half done\n', new: 'file\n' })
    const answer = await s.amp('rebase', '--abort', id)
    expect([answer.code, plain(answer.stdout, s.root)]).toEqual([0, 'aborted: amp/a/<time> is at <oid12> again\n'])
    await isBack(found)
    const { at } = s.ended(id) as { at: string }
    s.git('merge-base', '--is-ancestor', at, `refs/amp/sessions/${id}`)
    expect([s.git('show', `${at}:a`), s.git('show', `${at}:new`)]).toEqual(['half done', 'file'])
    for (const word of ['--abort', '--continue', '--skip']) {
      const again = await s.amp('rebase', word, id)
      expect([again.code, again.stderr]).toEqual([
        1,
        expect.stringContaining('error: no rebase of session a is in progress'),
      ])
    }
  })

  it.each([['--continue'], ['--abort'], ['list'], ['iterate']])(
    'takes up what plain git finished: %s',
    async (then) => {
      const found = await stopped()
      const { s, id, wt } = found
      resolve(s, wt)
      s.gitAt(wt, '-c', 'core.editor=true', 'rebase', '--continue')
      // Looking alone says so, and writes nothing.
      expect((await s.amp('list', '--format', '%(state)')).stdout).toBe('idle\n')
      if (then === 'list') return
      const answer = await (then === 'iterate' ? s.iterate(id, 'true') : s.amp('rebase', then, id))
      if (then === '--abort')
        expect([answer.code, answer.stderr]).toEqual([1, expect.stringContaining('was finished already')])
      else expect(answer.code).toBe(0)
      if (then !== 'iterate') await isRebased(found)
      else expect(s.events(id)).toContain('session.rebased')
    },
  )

  it.each([['--continue'], ['--abort'], ['iterate']])('takes up what plain git aborted: %s', async (then) => {
    const found = await stopped()
    const { s, id, wt } = found
    s.gitAt(wt, 'rebase', '--abort')
    const answer = await (then === 'iterate' ? s.iterate(id, 'true') : s.amp('rebase', then, id))
    expect([answer.code, answer.stderr]).toEqual(
      then === '--continue' ? [1, expect.stringContaining('was aborted')] : [0, expect.anything()],
    )
    expect(s.events(id)).toContain('session.rebase-aborted')
    await isBack(found)
    // And it can be begun again.
    expect((await s.amp('rebase', id)).code).toBe(1)
    resolve(s, wt)
    expect((await s.amp('rebase', '--continue', id)).code).toBe(0)
    await isRebased(found)
  })

  it('takes up more that the user did after having finished it', async () => {
    const { s, id, wt, branch } = await stopped()
    resolve(s, wt)
    s.gitAt(wt, '-c', 'core.editor=true', 'rebase', '--continue')
    s.commit({ mine: '1' }, 'Mine', wt)
    expect((await s.amp('squash', id, '-m', 'One')).code).toBe(0)
    expect(s.subjects(`main..${branch}`)).toEqual(['One', 'Mine'])
  })

  it('drives a rebase that the user began with plain git', async () => {
    const { s, id, wt, branch } = await disputed()
    expect(() => s.gitAt(wt, 'rebase', 'main')).toThrow()
    const refused = await s.amp('squash', id)
    expect(refused.stderr).toContain('fatal: a rebase is in progress')
    resolve(s, wt)
    expect((await s.amp('rebase', '--continue', id)).code).toBe(0)
    expect(s.snapshot(id).heads).toEqual([s.git('rev-parse', branch)])
  })

  it('predicts with -n, and writes nothing', async () => {
    const { s, id, wt } = await disputed()
    const refs = s.refs()
    const answer = await s.amp('rebase', id, '-n')
    expect([answer.code, plain(answer.stderr, s.root)]).toEqual([
      1,
      "error: 'amp: echo ours >a; echo 1 >b' (<oid12>) conflicts with the base in a\n",
    ])
    expect([s.refs(), s.status(id), s.exists('.git/amp/rebases')]).toEqual([refs, '', false])
    expect(s.gitAt(wt, 'symbolic-ref', '--short', 'HEAD')).toBe(s.branch(id))
  })

  it('makes the worktree again first', async () => {
    const found = await disputed()
    const { s, id, wt } = found
    s.git('worktree', 'remove', wt)
    expect((await s.amp('rebase', id)).code).toBe(1)
    expect(s.read('a', wt)).toContain('<<<<<<<')
    resolve(s, wt)
    expect((await s.amp('rebase', '--continue', id)).code).toBe(0)
    await isRebased(found)
  })

  it('is back where it was when the worktree is deleted in the middle', async () => {
    const { s, id, wt, old } = await stopped()
    rmSync(wt, { recursive: true })
    expect((await s.amp('rebase', '--abort', id)).code).toBe(0)
    expect(s.snapshot(id).heads).toEqual([old])
    expect((await s.iterate(id, 'true')).code).toBe(0)
    expect([s.status(id), s.read('a', wt)]).toEqual(['', 'ours\n'])
  })

  it('refuses uncommitted changes, a running iteration and a diverged session before anything', async () => {
    const { s, id, wt, old } = await disputed()
    s.write({ mine: 'new' }, wt)
    const before = [s.refs(), s.status(id)]
    const dirty = await s.amp('rebase', id)
    expect([dirty.code, dirty.stderr]).toEqual([
      1,
      expect.stringMatching(/uncommitted changes\nhint: Commit them there first/),
    ])
    expect([s.refs(), s.status(id)]).toEqual(before)
    rmSync(join(wt, 'mine'))
    const stop = new AbortController()
    const running = s.ampWith({ signal: stop.signal }, 'iterate', id, '-m', 'exec sleep 600')
    await s.until(() => s.snapshot(id).iterations === 3)
    for (const words of [[], ['--abort'], ['--continue']]) {
      const refused = await s.amp('rebase', id, ...words)
      expect([refused.code, refused.stderr]).toEqual([
        128,
        expect.stringContaining('fatal: iteration 3 of session a is running'),
      ])
    }
    stop.abort()
    await running
    expect(s.git('rev-parse', s.branch(id))).toBe(old)
    // As if another clone had gone on from the commit before.
    const chain = `refs/amp/sessions/${id}`
    await s.iterate(id, 'echo here >x')
    const here = s.git('rev-parse', chain)
    const message = s.git('log', '-1', '--format=%B', here).replace(/"heads":\["(\w+)"\]/, `"heads":["$1","${old}"]`)
    s.git('update-ref', chain, s.git('commit-tree', `${here}^{tree}`, '-p', here, '-m', message))
    for (const words of [[], ['-n'], ['--agent-resolve']]) {
      const refused = await s.amp('rebase', id, ...words)
      expect([refused.code, refused.stderr]).toEqual([128, expect.stringContaining('has diverged')])
    }
  })

  it('stands in a worktree that the user made on the branch, too', async () => {
    const { s, id, wt, branch } = await disputed()
    s.git('worktree', 'remove', wt)
    const own = join(s.root, 'own')
    s.git('worktree', 'add', '-q', own, branch)
    expect((await s.amp('rebase', id)).stderr).toContain(`Resolve it in ${own} `)
    resolve(s, own)
    expect((await s.ampAt(own, 'rebase', '--continue')).code).toBe(0)
    expect(s.snapshot(id).heads).toEqual([s.gitAt(own, 'rev-parse', 'HEAD')])
  })

  it('another clone shows where it stands, and refuses', async () => {
    const { s, id, old } = await stopped()
    s.gitAt(s.root, 'clone', '-q', 'repo', 'clone')
    const clone = join(s.root, 'clone')
    s.gitAt(clone, 'fetch', '-q', 'origin', 'refs/amp/*:refs/amp/*', 'refs/heads/amp/*:refs/heads/amp/*')
    expect((await s.ampAt(clone, 'list')).stdout).toContain('conflict on test-host')
    expect((await s.ampAt(clone, 'show', id)).stdout).toMatch(/State: +conflict on test-host, in a rebase onto /)
    for (const argv of [
      ['iterate', id],
      ['squash', id],
      ['merge', id],
      ['rebase', id],
      ['rebase', '--abort', id],
    ]) {
      const refused = await s.ampAt(clone, ...argv)
      expect([argv, refused.code, refused.stderr]).toEqual([
        argv,
        128,
        expect.stringContaining('fatal: session a is in the middle of a rebase: conflict on test-host\n'),
      ])
    }
    expect(s.exists('.worktrees', clone)).toBe(false)
    expect((await s.ampAt(clone, 'rebase', '--abort', '-f', id)).code).toBe(0)
    expect((await s.ampAt(clone, 'iterate', id, '-m', 'true')).code).toBe(0)
    expect(s.gitAt(clone, 'rev-parse', s.branch(id))).toBe(old)
  })

  it('flattens merges, and refuses one with changes of its own before git has begun', async () => {
    const { s, id, wt, branch } = await disputed()
    const side = s.git('rev-parse', `${branch}~1`)
    s.gitAt(wt, 'switch', '-q', '-c', 'side', side)
    s.commit({ side: '1' }, 'Side', wt)
    s.gitAt(wt, 'switch', '-q', branch)
    s.gitAt(wt, 'merge', '-q', '--no-ff', '-m', 'Merge side', 'side')
    expect((await s.amp('rebase', id)).code).toBe(1)
    resolve(s, wt)
    expect((await s.amp('rebase', '--continue', id)).code).toBe(0)
    expect(s.subjects(`main..${branch}`).sort()).toEqual(['Side', 'amp: echo 2 >c', 'amp: echo ours >a; echo 1 >b'])
    s.commit({ up: 'again' }, 'Upstream')
    s.gitAt(wt, 'switch', '-q', '-C', 'side', `${branch}~1`)
    s.commit({ side2: '1' }, 'Side 2', wt)
    s.gitAt(wt, 'switch', '-q', branch)
    s.gitAt(wt, 'merge', '-q', '--no-ff', '-m', 'Merge side 2', 'side')
    const flat = await s.amp('rebase', id)
    expect([flat.code, plain(flat.stderr, s.root)]).toEqual([
      0,
      'Left out, because a rebase makes one line of commits: 1 merge (<oid12>)\n',
    ])
    s.gitAt(wt, 'switch', '-q', '-C', 'side', `${branch}~1`)
    s.commit({ side3: '1' }, 'Side 3', wt)
    s.gitAt(wt, 'switch', '-q', branch)
    s.gitAt(wt, 'merge', '-q', '--no-ff', '-m', 'Merge side 3', 'side')
    s.write({ evil: '1' }, wt)
    s.gitAt(wt, 'add', '-A')
    s.gitAt(wt, 'commit', '-q', '--amend', '--no-edit')
    s.commit({ b: 'theirs' }, 'Conflict')
    const refused = await s.amp('rebase', id)
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('has changes of its own')])
  })

  it('honours the hooks, rerere and a rebase that git refuses', async () => {
    const found = await disputed()
    const { s, id, wt } = found
    s.git('config', 'rerere.enabled', 'true')
    s.hook('pre-rebase', 'echo no rebase today >&2; exit 1')
    const refused = await s.amp('rebase', id)
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('pre-rebase hook refused')])
    await isBack(found)
    s.hook('pre-rebase', `echo "pre $*" >>${s.root}/hooks`)
    s.hook('post-rewrite', `echo "post $1" >>${s.root}/hooks; cat >>${s.root}/hooks`)
    expect((await s.amp('rebase', id)).code).toBe(1)
    resolve(s, wt)
    expect((await s.amp('rebase', '--continue', id)).code).toBe(0)
    await isRebased(found)
    const told = readFileSync(join(s.root, 'hooks'), 'utf8').split('\n')
    expect(told[0]).toMatch(/^pre /)
    expect(told).toContain('post rebase')
    s.gitAt(wt, 'reset', '-q', '--hard', found.old)
    const again = await s.amp('rebase', id)
    expect([again.code, s.read('a', wt)]).toEqual([1, 'both\n'])
    s.gitAt(wt, 'add', 'a')
    expect((await s.amp('rebase', '--continue', id)).code).toBe(0)
  })

  it('refuses options that do not go together', async () => {
    const s = scene()
    for (const words of [
      ['--continue', '--abort'],
      ['--skip', '--onto', 'main'],
      ['--abort', '-n'],
      ['-f'],
      ['--agent-resolve', '-n'],
    ])
      expect([words, (await s.amp('rebase', ...words)).code]).toEqual([words, 129])
  })
})
