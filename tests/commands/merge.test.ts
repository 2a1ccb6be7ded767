import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { plain } from '../helpers/run.js'
import { type Scene, scene } from '../helpers/scene.js'

/** A session with one iteration that adds `a` and changes `README.md`. */
async function done(): Promise<{ s: Scene; id: string; branch: string }> {
  const s = scene()
  s.commit({ kept: '1\n', other: '1\n' })
  const id = await s.session('a')
  await s.iterate(id, 'echo 1 >a; echo "# Changed" >README.md')
  return { s, id, branch: s.branch(id) }
}

/** Everything that a refused merge leaves as it was; the session's chain may tell of the attempt. */
const everything = (s: Scene) => [
  s.git('for-each-ref', '--format=%(refname) %(objectname)', 'refs/heads', 'refs/notes'),
  s.checkout(),
]

describe('git amp merge', () => {
  it('fast-forwards the base, the checkout of it follows, and the session is cleaned up', async () => {
    const { s, id, branch } = await done()
    const head = s.git('rev-parse', branch)
    const answer = await s.amp('merge', id)
    expect([answer.code, plain(answer.stdout, s.root), plain(answer.stderr, s.root)]).toMatchInlineSnapshot(`
      [
        0,
        "merged amp/a/<time> into main (fast-forward): <oid12>..<oid12>
      ",
        "-   rebase    main has not moved on
      -   test      there is no test command
      ok  merge     main <oid12>..<oid12> (fast-forward)
      ok  clean up  worktree and branch removed
      Updated the checkout in $ROOT/repo
      hint: git amp undo takes all of it back
      ",
      ]
    `)
    expect(s.git('rev-parse', 'main')).toBe(head)
    expect(s.git('status', '--porcelain')).toBe('')
    expect(s.read('README.md')).toBe('# Changed\n')
    expect(s.events(id).slice(-3)).toEqual(['session.merged', 'session.merged', 'session.closed'])
    expect(s.snapshot(id)).toMatchObject({ status: 'merged', merged: { into: 'refs/heads/main', after: head } })
    expect(s.snapshot(id).merging ?? null).toBeNull()
    expect([s.git('branch', '--list', 'amp/*'), s.git('worktree', 'list').split('\n').length]).toEqual(['', 1])
    expect((await s.amp('list')).stdout).toBe('')
    expect((await s.amp('list', '-a')).stdout).toContain('merged')
    expect((await s.amp('merge', id)).stdout).toContain('main has everything of')
    expect((await s.amp('log', id)).stdout).toContain('iteration 1')
  })

  it('rebases onto a base that moved on; --no-ff makes a merge commit, --squash one commit of the agent’s', async () => {
    const { s, id, branch } = await done()
    const upstream = s.commit({ up: '1' }, 'Upstream')
    const answer = await s.amp('merge', id, '--ff-only')
    expect([answer.code, plain(answer.stderr, s.root)]).toMatchInlineSnapshot(`
      [
        0,
        "ok  rebase    1 commit onto main <oid12>
      -   test      there is no test command
      ok  merge     main <oid12>..<oid12> (fast-forward)
      ok  clean up  worktree and branch removed
      Updated the checkout in $ROOT/repo
      hint: git amp undo takes all of it back
      ",
      ]
    `)
    expect(s.git('log', '-1', '--format=%P|%(trailers:key=Amp-Session,valueonly,separator=)', 'main')).toBe(
      `${upstream}|${id}`,
    )
    expect(s.git('branch', '--list', branch)).toBe('')
    const second = await s.session('b')
    await s.iterate(second, 'echo 1 >b')
    expect((await s.amp('merge', second, '--no-ff', '-m', 'My words')).code).toBe(0)
    expect(s.git('log', '-1', '--format=%s|%p', 'main')).toMatch(/^My words\|\w+ \w+$/)
    const third = await s.session('c')
    await s.iterate(third, 'echo 1 >c')
    s.commit({ mine: '1' }, 'Mine', s.worktree(third))
    await s.iterate(third, 'echo 2 >c')
    expect((await s.amp('merge', third, '--squash', '-m', 'All of c')).code).toBe(0)
    expect(s.subjects('main~2..main')).toEqual(['All of c', 'Mine'])
    expect(s.git('log', '-1', '--format=%B', 'main~1').match(/^Amp-Iteration: /gm)).toHaveLength(2)
    expect(s.git('log', '-1', '--notes=amp', '--format=%N', 'main~1').trim().split('\n')).toHaveLength(2)
    const fourth = await s.session('d')
    await s.iterate(fourth, 'echo 1 >d')
    s.commit({ mine: '2' }, 'Mine', s.worktree(fourth))
    expect((await s.amp('merge', fourth, '--squash', '--manual=include', '-m', 'All of d')).code).toBe(0)
    expect(s.subjects('main~2..main')).toEqual(['Mine', 'All of d'])
    expect(s.git('status', '--porcelain')).toBe('')
    expect((await s.amp('merge', third, '--squash', '--no-ff')).code).toBe(129)
  })

  it('leaves the commits as they are with --no-rebase, and where a merge among them would be lost', async () => {
    const { s, id, branch } = await done()
    const head = s.git('rev-parse', branch)
    const upstream = s.commit({ up: '1' }, 'Upstream')
    const refused = await s.amp('merge', id, '--ff-only', '--no-rebase')
    expect([refused.code, plain(refused.stderr, s.root)]).toMatchInlineSnapshot(`
      [
        1,
        "-   rebase    left out
      -   test      there is no test command
      error: 'main' has moved on, so it cannot be fast-forwarded
      hint: Run "git amp rebase <id>" first.
      ",
      ]
    `)
    expect((await s.amp('merge', id, '--no-rebase', '-n')).stdout).toContain('(merge commit)')
    expect((await s.amp('merge', id, '--no-rebase')).code).toBe(0)
    expect(s.git('log', '-1', '--format=%P|%s', 'main')).toBe(`${upstream} ${head}|Merge session a (${branch})`)
    const other = await s.session('b')
    const wt = s.worktree(other)
    await s.iterate(other, 'echo 1 >b')
    s.gitAt(wt, 'switch', '-q', '-c', 'side', 'HEAD~1')
    s.commit({ side: '1' }, 'Side', wt)
    s.gitAt(wt, 'switch', '-q', s.branch(other))
    s.gitAt(wt, 'merge', '-q', '--no-commit', '--no-ff', 'side')
    s.commit({ own: 'in the merge' }, 'Merge side', wt)
    const tip = s.gitAt(wt, 'rev-parse', 'HEAD')
    s.commit({ up: '2' }, 'Upstream')
    const merged = await s.amp('merge', other)
    expect([merged.code, merged.stderr]).toEqual([
      0,
      expect.stringContaining('a merge among the commits would be lost'),
    ])
    expect(s.git('rev-parse', 'main^2')).toBe(tip)
    expect(s.read('own')).toBe('in the merge')
  })

  it('takes its style from amp.mergeStyle', async () => {
    const { s, id } = await done()
    s.git('config', 'amp.mergeStyle', 'squash')
    expect((await s.amp('merge', id)).stderr).toContain('ok  squash    1 commit into 1\n')
    const next = await s.session('b')
    await s.iterate(next, 'echo 1 >b')
    s.git('config', 'amp.mergeStyle', 'octopus')
    expect((await s.amp('merge', next)).stderr).toContain("fatal: bad config value 'octopus' for 'amp.mergeStyle'")
  })

  it.each([
    [
      'an edited file in the way',
      (s: Scene) => s.write({ 'README.md': 'edited' }),
      /^error: your changes in .* are in the way: README\.md\nhint: /,
    ],
    [
      'a staged file in the way',
      (s: Scene) => {
        s.write({ 'README.md': 'edited' })
        s.git('add', 'README.md')
      },
      /in the way|could not be updated/,
    ],
    [
      'an untracked file in the way',
      (s: Scene) => s.write({ a: 'mine' }),
      /^error: your changes in .* are in the way: a\n/,
    ],
    [
      'an unfinished merge',
      (s: Scene) => {
        s.git('switch', '-q', '-c', 'x')
        s.commit({ other: 'x' })
        s.git('switch', '-q', 'main')
        s.commit({ other: 'y' })
        expect(() => s.git('merge', 'x')).toThrow()
      },
      /could not be updated|in the way/,
    ],
  ])('refuses with %s, and leaves no trace', async (_what, change, message) => {
    const { s, id } = await done()
    change(s)
    const before = [...everything(s), s.refs()]
    for (const argv of [
      ['merge', id],
      ['merge', id, '-n'],
    ]) {
      const answer = await s.amp(...argv)
      expect([argv, answer.code, answer.stdout]).toEqual([argv, 1, ''])
      expect(answer.stderr).toMatch(message)
      expect(answer.stderr).not.toContain('Nothing was changed')
      expect([...everything(s), s.refs()]).toEqual(before)
    }
    expect(s.snapshot(id)).toMatchObject({ status: 'idle' })
    expect(s.snapshot(id).merging ?? null).toBeNull()
    expect((await s.iterate(id, 'echo 2 >a')).code).toBe(0)
  })

  it('keeps edits, staged files and untracked files of the checkout that are not in the way', async () => {
    const { s, id, branch } = await done()
    const head = s.git('rev-parse', branch)
    s.write({ kept: 'edited\n', other: 'staged\n', untracked: 'x' })
    s.git('add', 'other')
    const answer = await s.amp('merge', id)
    expect([answer.code, answer.stderr]).toEqual([0, expect.stringContaining('Updated the checkout')])
    expect(s.git('status', '--porcelain')).toBe(' M kept\nM  other\n?? untracked')
    expect(s.git('rev-parse', 'main')).toBe(head)
  })

  it('keeps ignored files of the checkout, which git would overwrite, and tells of a merge that did not happen', async () => {
    const { s, id } = await done()
    s.write({ '.git/info/exclude': '/a\n', a: 'ignored\n' })
    const refused = await s.amp('merge', id)
    expect([refused.code, plain(refused.stderr, s.root)]).toMatchInlineSnapshot(`
      [
        1,
        "error: the checkout in $ROOT/repo could not be updated: ignored files would be overwritten: a
      hint: Look at it with "git status --ignored" there.
      ",
      ]
    `)
    expect([s.read('a'), s.git('log', '-1', '--format=%s', 'main')]).toEqual(['ignored\n', 'Change'])
    rmSync(join(s.dir, 'a'))
    writeFileSync(join(s.dir, '.git/MERGE_HEAD'), `${s.git('rev-parse', 'main')}\n`)
    expect((await s.amp('merge', id)).code).toBe(1)
    rmSync(join(s.dir, '.git/MERGE_HEAD'))
    expect((await s.amp('log', id)).stdout).not.toContain('merge')
    expect((await s.amp('log', id, '--format', '%(kind)')).stdout).toMatch(/merge-intent\nmerge-abandoned\n$/)
    expect((await s.amp('merge', id)).code).toBe(0)
    expect(s.read('a')).toBe('1\n')
  })

  it('moves a base that is checked out nowhere, without touching any checkout', async () => {
    const { s, id, branch } = await done()
    s.git('switch', '-q', '-c', 'elsewhere')
    s.write({ a: 'mine' })
    const before = s.checkout()
    const answer = await s.amp('merge', '--keep', '-q', id)
    expect([answer.code, answer.stderr]).toEqual([0, ''])
    expect(s.git('rev-parse', 'main')).toBe(s.git('rev-parse', branch))
    expect(s.checkout()).toBe(before)
    expect(s.events(id).at(-1)).toBe('session.merged')
  })

  it('updates the linked worktree where the base is checked out, and that alone', async () => {
    const { s, id } = await done()
    s.git('switch', '-q', '-c', 'elsewhere')
    const linked = join(s.root, 'linked')
    s.git('worktree', 'add', '-q', linked, 'main')
    const before = s.checkout()
    const answer = await s.amp('merge', id)
    expect(answer.stderr).toContain(`Updated the checkout in ${linked}\n`)
    expect(s.read('a', linked)).toBe('1\n')
    expect(s.gitAt(linked, 'status', '--porcelain')).toBe('')
    expect(s.checkout()).toBe(before)
  })

  it('refuses while the base is being rebased', async () => {
    const { s, id } = await done()
    s.git('branch', 'up')
    s.commit({ kept: 'main\n' })
    s.git('switch', '-q', 'up')
    s.commit({ kept: 'up\n' })
    s.git('switch', '-q', 'main')
    expect(() => s.git('rebase', 'up')).toThrow()
    const before = everything(s)
    const answer = await s.amp('merge', id)
    expect([answer.code, plain(answer.stderr, s.root)]).toMatchInlineSnapshot(`
      [
        1,
        "error: 'main' is being rebased in $ROOT/repo
      hint: Finish or abort that rebase first.
      ",
      ]
    `)
    expect(everything(s)).toEqual(before)
    s.git('rebase', '--abort')
    expect((await s.amp('merge', id)).code).toBe(0)
  })

  it('plans again when somebody moves the base meanwhile, three times at most', async () => {
    const { s, id, branch } = await done()
    const theirs = s.git('commit-tree', '-p', 'main', '-m', 'Theirs', 'main^{tree}')
    s.git('switch', '-q', '-c', 'elsewhere')
    s.hook('commit-msg', `git update-ref refs/heads/main ${theirs}`)
    const answer = await s.amp('merge', id, '--no-ff')
    expect([answer.code, plain(answer.stderr, s.root)]).toMatchInlineSnapshot(`
      [
        0,
        "-   rebase    main has not moved on
      -   test      there is no test command
      !   base      main moved to <oid12> meanwhile: planned again
      ok  rebase    1 commit onto main <oid12>
      -   test      there is no test command
      ok  merge     main <oid12>..<oid12> (merge commit)
      ok  clean up  worktree and branch removed
      hint: git amp undo takes all of it back
      ",
      ]
    `)
    expect(s.git('log', '--first-parent', '--format=%s', '-2', 'main')).toBe(`Merge session a (${branch})\nTheirs`)
    s.hook('commit-msg', 'exit 0')
    s.git('switch', '-q', 'main')
    const next = await s.session('b')
    await s.iterate(next, 'echo 1 >b')
    const commit = "git commit-tree -p main -m Moved 'main^{tree}'"
    s.hook('commit-msg', `git update-ref refs/heads/main $(${commit})`)
    const tired = await s.amp('merge', next, '--no-ff')
    expect([tired.code, tired.stderr.match(/planned again/g)?.length]).toEqual([1, 3])
    expect(s.subjects('main~4..main')).toEqual(['Moved', 'Moved', 'Moved', 'Moved'])
    expect(s.snapshot(next).status).toBe('idle')
    expect(s.git('diff', '--cached', '--name-only')).toBe('')
  })

  it('goes into another branch with --into, and needs it when the base was no branch', async () => {
    const { s, id, branch } = await done()
    s.git('branch', 'release', 'main~1')
    expect((await s.amp('merge', '--keep', id, '--into', 'release')).code).toBe(0)
    expect(s.git('rev-parse', 'release')).toBe(s.git('rev-parse', branch))
    expect(s.git('rev-parse', 'main')).not.toBe(s.git('rev-parse', branch))
    expect((await s.amp('merge', id, '--into', 'nowhere')).stderr).toContain(
      "fatal: the branch 'nowhere' does not exist\n",
    )
    const detached = await s.session('d', { args: ['--base', 'main~0'] })
    await s.iterate(detached, 'echo 1 >d')
    const refused = await s.amp('merge', detached)
    expect([refused.code, plain(refused.stderr, s.root)]).toMatchInlineSnapshot(`
      [
        128,
        "fatal: session d was started from commit <oid12>, which is no branch
      hint: Say where the work goes with --into <branch>.
      ",
      ]
    `)
  })

  it('refuses to leave uncommitted work of the session behind', async () => {
    const { s, id } = await done()
    s.write({ mine: '1' }, s.worktree(id))
    const before = everything(s)
    const answer = await s.amp('merge', id)
    expect([answer.code, plain(answer.stderr, s.root)]).toMatchInlineSnapshot(`
      [
        1,
        "error: the worktree of session a has uncommitted changes, which a merge would leave behind
      hint: Commit them there first: $ROOT/repo/.worktrees/<id>
      ",
      ]
    `)
    expect(everything(s)).toEqual(before)
  })

  it('changes nothing with -n', async () => {
    const { s, id } = await done()
    const [refs, before] = [s.refs(), s.checkout()]
    const answer = await s.amp('merge', id, '-n')
    expect([answer.code, plain(answer.stdout, s.root), plain(answer.stderr, s.root)]).toMatchInlineSnapshot(`
      [
        0,
        "would merge amp/a/<time> into main (fast-forward): <oid12>..<oid12>
      ",
        "-   rebase    main has not moved on
      -   test      there is no test command
      ..  merge     main, fast-forward
      ..  clean up  worktree and branch
      ",
      ]
    `)
    expect(JSON.parse((await s.amp('merge', id, '-n', '--squash', '--json')).stdout)).toMatchObject({
      schema: 'git-amp/merge@1',
      via: 'ff',
      isDryRun: true,
      into: 'main',
      steps: [{ name: 'squash', status: 'planned' }, { name: 'rebase', status: 'skipped' }, ...Array(3).fill({})],
    })
    expect([s.refs(), s.checkout()]).toEqual([refs, before])
    s.commit({ 'README.md': '# Theirs\n' })
    const conflict = await s.amp('merge', id, '-n')
    expect([conflict.code, conflict.stderr]).toEqual([1, expect.stringContaining('conflicts with main in README.md')])
  })

  it('refuses after an interrupted iteration, whether its work was picked up before or not', async () => {
    const { s, id } = await done()
    await s.interrupted(id, { half: 'done\n' })
    const main = s.git('rev-parse', 'main')
    const refused = await s.amp('merge', id)
    expect([refused.code, plain(refused.stderr, s.root)]).toMatchInlineSnapshot(`
      [
        1,
        "error: iteration 2 of session a was interrupted, and may have left its work half done
      hint: Look at it with "git amp diff <id>", and go on with "git amp iterate <id>".
      hint: To merge it as it is, run "git amp merge -f <id>".
      ",
      ]
    `)
    expect(s.subjects(`main..${s.branch(id)}`).at(-1)).toMatch(/\(interrupted\)$/)
    expect((await s.amp('merge', id)).code).toBe(1)
    expect(s.git('rev-parse', 'main')).toBe(main)
    expect((await s.amp('merge', id, '-f')).code).toBe(0)
    expect(s.read('half')).toBe('done\n')
  })

  it('takes nothing up with -n: not what a killed iteration left, and no commit made by hand', async () => {
    const { s, id } = await done()
    s.commit({ mine: '1' }, 'Mine', s.worktree(id))
    const moved = s.refs()
    for (const verb of ['merge', 'squash', 'rebase']) {
      const answer = await s.amp(verb, id, '-n')
      expect([verb, answer.code, s.refs()]).toEqual([verb, 0, moved])
    }
    await s.interrupted(id, { half: 'done\n' })
    s.commit({ up: '1' }, 'Upstream')
    const [refs, state] = [s.refs(), s.status(id)]
    const words = 'Iteration 2 was interrupted; what it left would be committed first.\n'
    for (const argv of [['squash'], ['rebase'], ['merge', '-f']]) {
      const answer = await s.amp(...argv, id, '-n')
      expect([argv, answer.code, answer.stderr]).toEqual([argv, 0, expect.stringContaining(words)])
      expect([argv, s.refs(), s.status(id)]).toEqual([argv, refs, state])
    }
    expect((await s.amp('merge', id, '-n')).code).toBe(1)
    expect(s.refs()).toBe(refs)
    expect(JSON.parse((await s.amp('rebase', id, '-n', '--json')).stdout)).toMatchObject({ pending: 2 })
    const first = await s.session('first')
    await s.interrupted(first, { half: 'done\n' })
    expect((await s.amp('merge', first, '-n')).code).toBe(1)
    expect((await s.amp('squash', first, '-n')).stderr).toContain('Iteration 1 was interrupted; ')
  })

  it('answers a conflict as JSON too, and names the command that goes on', async () => {
    const { s, id } = await done()
    s.commit({ 'README.md': '# Theirs\n' })
    const answer = await s.amp('merge', id, '--json')
    expect(answer.code).toBe(1)
    expect(JSON.parse(answer.stdout)).toMatchObject({
      schema: 'git-amp/no@1',
      command: 'merge',
      conflict: { paths: ['README.md'] },
    })
    expect(answer.stderr).toContain(`go on with "git amp merge --continue ${id}".\n`)
    const fatal = await s.amp('merge', 'nobody', '--json')
    expect([fatal.code, fatal.stdout]).toEqual([128, ''])
  })

  it('settles a merge that was killed between its intent and its result', async () => {
    const { s, id, branch } = await done()
    await s.amp('merge', '--keep', id)
    const chain = `refs/amp/sessions/${id}`
    s.git('update-ref', chain, `${chain}~1`)
    expect(s.snapshot(id).merging).toMatchObject({ via: 'ff' })
    const again = await s.amp('merge', '--keep', id)
    expect([again.code, again.stdout]).toEqual([0, `main has everything of ${branch} already\n`])
    expect(s.snapshot(id).status).toBe('merged')
    // And one whose base never moved.
    s.git('update-ref', chain, `${chain}~1`)
    s.git('reset', '-q', '--hard', 'main~1')
    expect((await s.amp('merge', '--keep', id)).stdout).toContain('merged amp/a/')
    expect(s.snapshot(id).status).toBe('merged')
  })

  it('does not call merged what had nothing to merge', async () => {
    const { s, id, branch } = await done()
    const nothing = async (...args: string[]) => {
      const refs = s.refs()
      const answer = await s.amp('merge', ...args)
      expect(s.refs()).toBe(refs)
      return [answer.code, plain(`${answer.stdout}${answer.stderr}`, s.root)]
    }
    expect(await nothing(id, '--into', branch)).toEqual([
      1,
      "error: 'amp/a/<time>' is the branch of session a itself: there is nothing to merge\n" +
        'hint: Name the branch that the work goes into with --into <branch>.\n',
    ])
    const fresh = await s.session('fresh')
    const plainly = (name: string) => [0, `nothing to merge: amp/${name}/<time> has no change that main lacks\n`]
    expect(await nothing(fresh)).toEqual(plainly('fresh'))
    s.gitAt(s.worktree(fresh), 'reset', '-q', '--hard', 'main~1')
    await s.amp('merge', '--keep', fresh)
    expect(await nothing(fresh)).toEqual(plainly('fresh'))
    expect(s.snapshot(fresh).status).toBe('idle')
    expect((await s.amp('merge', '--keep', id, '--squash')).stderr).toContain('1 commit into 1')
    const again = [0, 'main has everything of amp/a/<time> already\n']
    expect([await nothing('--keep', id, '--squash'), await nothing('--keep', id)]).toEqual([again, again])
    expect(s.git('rev-list', '--count', 'main')).toBe('3')
    expect(s.snapshot(id).status).toBe('merged')
  })

  it('refuses while an agent works on the branch it goes into', async () => {
    const { s, id, branch } = await done()
    const child = await s.session('child', { args: ['--base', branch] })
    await s.iterate(child, 'echo 1 >child')
    const stop = new AbortController()
    const running = s.ampWith({ signal: stop.signal }, 'iterate', id, '-m', 'echo 1 >begun; exec sleep 600')
    await s.until(() => s.exists('begun', s.worktree(id)))
    const before = everything(s)
    for (const args of [[], ['-n']]) {
      const answer = await s.amp('merge', child, ...args)
      expect([answer.code, answer.stderr]).toEqual([
        128,
        expect.stringContaining('fatal: iteration 2 of session a is running '),
      ])
    }
    expect([everything(s), s.exists('child', s.worktree(id))]).toEqual([before, false])
    stop.abort()
    await running
    expect((await s.amp('merge', child)).code).toBe(0)
    expect(s.read('child', s.worktree(id))).toBe('1\n')
  })

  it('refuses to leave behind a checkout that an agent hid by core.bare', async () => {
    const { s, id } = await done()
    const answer = await s.iterate(id, 'git config core.bare true')
    expect(answer.stderr).toContain('warning: core.bare changed while the agent ran: false to true')
    const main = s.git('rev-parse', 'main')
    const refused = await s.ampAt(s.worktree(id), 'merge', id)
    expect([refused.code, plain(refused.stderr, s.root)]).toMatchInlineSnapshot(`
      [
        1,
        "error: 'main' is checked out in $ROOT/repo, but core.bare is set there
      hint: If it is not bare, run: git --git-dir=$ROOT/repo/.git config core.bare false
      hint: If it is, remove what is left of its checkout: rm $ROOT/repo/.git/index
      ",
      ]
    `)
    expect(s.git('rev-parse', 'main')).toBe(main)
    s.git('config', 'core.bare', 'false')
    expect((await s.amp('merge', id)).code).toBe(0)
    expect([s.read('a'), s.git('status', '--porcelain')]).toEqual(['1\n', ''])
  })

  it('runs the hooks of a merge in the checkout', async () => {
    const { s, id } = await done()
    s.hook('post-merge', `touch ${s.root}/merged`)
    await s.amp('merge', id)
    expect(existsSync(join(s.root, 'merged'))).toBe(true)
  })
})

describe('the checkout of another branch', () => {
  it('is identical before and after new, iterate, squash, rebase and merge', async () => {
    const s = scene()
    s.git('branch', 'base')
    s.commit({ tracked: '1\n', 'dir/x': '1\n' })
    s.write({ tracked: 'edited\n', 'dir/x': 'staged\n', untracked: 'u', '.gitignore': 'ignored\n', ignored: 'i' })
    s.git('add', 'dir/x')
    const state = () => [
      s.checkout(),
      s.git('status', '--porcelain', '--ignored'),
      s.git('diff', '--cached'),
      s.git('reflog', 'HEAD'),
    ]
    const before = state()
    const id = await s.session('a', { args: ['--base', 'base'] })
    s.write({ mine: '1' }, s.worktree(id))
    expect((await s.iterate(id, 'echo 1 >tracked; mkdir dir; echo 2 >dir/x')).code).toBe(0)
    expect((await s.amp('squash', id)).code).toBe(0)
    s.git('update-ref', 'refs/heads/base', s.git('commit-tree', '-p', 'base', '-m', 'Moved', 'base^{tree}'))
    expect((await s.amp('rebase', id)).code).toBe(0)
    expect((await s.amp('merge', id)).code).toBe(0)
    // .worktrees is new, and ignored.
    expect(state().map((text) => text.replace(/^!! \.worktrees\/\n?/m, ''))).toEqual(before)
  })
})
