import { describe, expect, it } from 'vitest'
import { plain } from '../helpers/run.js'
import { type Scene, scene } from '../helpers/scene.js'

/** Whatever an agent does in its worktree, the iteration ends in one commit on the recorded parent. */
interface Mess {
  script: string
  /** Files of the session's commit against its parent, as `git diff --name-status`. */
  files: string
  code?: number
  /** What the iteration warns of. */
  warnings?: string
  /** What `git status` shows afterwards; nested repositories stay where they are. */
  status?: string
  /** Number of the agent's own commits that are listed. */
  own?: number
}

const other = 'git -c init.defaultBranch=main init -q'
const messes: Record<string, Mess> = {
  'edits files': { script: 'echo 1 >>README.md; echo 2 >a', files: 'M\tREADME.md\nA\ta' },
  'commits by itself': { script: 'echo 1 >a; git add a; git commit -qm own', files: 'A\ta', own: 1 },
  'commits several times and goes on editing': {
    script: 'for i in 1 2 3; do echo $i >a; git add a; git commit -qm $i; done; echo 4 >a; echo 5 >b; git add b',
    files: 'A\ta\nA\tb',
    own: 3,
  },
  'stages only': { script: 'echo 1 >a; git add a; rm a; echo 2 >b; git add -N b', files: 'A\tb' },
  'switches to another branch and commits there': {
    script: 'git switch -qc feature; echo 1 >a; git add a; git commit -qm own; echo 2 >b',
    files: 'A\ta\nA\tb',
    own: 1,
    warnings: `warning: refs/heads/feature moved while the agent ran: nothing to <oid12>
warning: the agent left the session's branch (feature); its work was taken back to it
`,
  },
  'switches to an orphan branch': {
    script: 'git switch -q --orphan fresh; echo 1 >a; git add a; git commit -qm own',
    files: 'D\tREADME.md\nA\ta\nD\tkept/k',
    own: 1,
    warnings: `warning: refs/heads/fresh moved while the agent ran: nothing to <oid12>
warning: the agent left the session's branch (fresh); its work was taken back to it
`,
  },
  'detaches HEAD': {
    script: 'git checkout -q --detach; echo 1 >a; git add a; git commit -qm own',
    files: 'A\ta',
    own: 1,
    warnings: `warning: the agent left the session's branch (detached); its work was taken back to it\n`,
  },
  'deletes its branch': {
    script: 'b=$(git symbolic-ref HEAD); echo 1 >a; git checkout -q --detach; git update-ref -d $b',
    files: 'A\ta',
    warnings: `warning: the agent left the session's branch (detached); its work was taken back to it\n`,
  },
  'renames its branch': {
    script: 'echo 1 >a; git branch -m renamed',
    files: 'A\ta',
    warnings: `warning: refs/heads/renamed moved while the agent ran: nothing to <oid12>
warning: the agent left the session's branch (renamed); its work was taken back to it
`,
  },
  'resets its branch to something older': {
    script: 'git reset -q --hard HEAD~1; echo 1 >a',
    files: 'A\ta\nD\tkept/k',
  },
  'leaves a conflict of a merge': {
    script: `echo ours >a; git add a; git commit -qm ours; git switch -qc side HEAD~1; echo theirs >a; git add a; git commit -qm theirs
git switch -q -; git merge -q side; git branch -D -q side; exit 0`,
    files: 'A\ta',
    own: 1,
    warnings: 'warning: committed with conflicts in them: a\n',
  },
  'leaves a rebase half done': {
    script: `b=$(git symbolic-ref --short HEAD); echo ours >a; git add a; git commit -qm ours; git checkout -q --detach HEAD~1; echo theirs >a; git add a
git commit -qm theirs; t=$(git rev-parse HEAD); git switch -q $b; git rebase -q $t; exit 0`,
    files: 'A\ta',
    own: 2,
    warnings: `warning: committed with conflicts in them: a
warning: the agent left the session's branch (detached); its work was taken back to it\n`,
  },
  'leaves a cherry-pick and a revert half done': {
    script: `echo 1 >a; git add a; git commit -qm one; echo 2 >a; git commit -qam two; echo 3 >a; git commit -qam three; git revert HEAD~1; exit 0`,
    files: 'A\ta',
    own: 3,
    warnings: 'warning: committed with conflicts in them: a\n',
  },
  'leaves a cherry-pick of several commits half done': {
    script: `echo 1 >a; git add a; git commit -qm one; echo 2 >a; git commit -qam two; echo 3 >b; git add b; git commit -qm three
git reset -q --hard HEAD~3; echo 0 >a; git add a; git commit -qm zero; git cherry-pick ORIG_HEAD~1 ORIG_HEAD; git add a; git commit -qm own; exit 0`,
    files: 'A\ta',
    own: 2,
  },
  'is in the middle of a bisect': { script: 'git bisect start -q HEAD HEAD~1 >/dev/null; echo 1 >a', files: 'A\ta' },
  'leaves a repository with commits': {
    script: `${other} nested; cd nested; echo 1 >n; git add n; git commit -qm n; cd ..; echo 1 >a`,
    files: 'A\ta',
    status: '?? nested/',
    warnings: 'warning: left out of the commit, because they are repositories of their own: nested/\n',
  },
  'leaves a repository without commits': {
    script: `${other} nested; echo 1 >nested/n; echo 1 >a`,
    files: 'A\ta',
    status: '?? nested/',
    warnings: 'warning: left out of the commit, because they are repositories of their own: nested/\n',
  },
  'leaves repositories in a tracked directory, with a name that is a pattern': {
    script: `${other} 'kept/n*[x]'; ${other} kept/two; cd kept/two; echo 1 >n; git add n; git commit -qm n; cd ../..; echo 1 >kept/a; echo 1 >'kept/nix[x]'`,
    files: 'A\tkept/a\nA\tkept/nix[x]',
    status: '?? kept/n*[x]/\n?? kept/two/',
    warnings: 'warning: left out of the commit, because they are repositories of their own: kept/n*[x]/, kept/two/\n',
  },
  'makes a repository of a tracked directory': {
    script: `cd kept; ${other} .; git add .; git commit -qm k; echo 2 >k; echo 1 >new`,
    files: 'M\tkept/k\nA\tkept/new',
  },
  'deletes the .git file': { script: 'rm .git; echo 1 >a', files: 'A\ta' },
  'replaces .git by a repository of its own': {
    script: `rm .git; ${other} .; echo 1 >a; git add -A; git commit -qm own`,
    files: 'A\ta',
    warnings: `warning: the agent replaced the worktree's .git by a repository of its own, which is now $ROOT/repo/.worktrees/<id>.git-<id>\n`,
  },
  'replaces .git by nonsense': { script: 'echo nonsense >.git; echo 1 >a', files: 'A\ta' },
  'deletes everything': { script: 'rm -rf ./* ./.[!.]*', files: 'D\tREADME.md\nD\tkept/k' },
  'makes a file with a 300-character path': {
    script: 'd=$(printf %0150d 1); mkdir $d; echo 1 >$d/$d',
    files: `A\t${'1'.padStart(150, '0')}/${'1'.padStart(150, '0')}`,
  },
  'makes files with strange names': {
    script: `echo 1 >-x; echo 1 >"$(printf 'new\\nline')"; echo 1 >':(top)*'; echo 1 >' '; echo 1 >'"q"'; echo 1 >'ü'`,
    files: 'A\t \nA\t"q"\nA\t-x\nA\t:(top)*\nA\tnew\nline\nA\tü',
  },
  'turns a file into a directory and a directory into a link': {
    script: 'rm README.md; mkdir README.md; echo 1 >README.md/a; rm -r kept; ln -s README.md kept',
    files: 'D\tREADME.md\nA\tREADME.md/a\nA\tkept\nD\tkept/k',
  },
  'makes a FIFO, a socket-like link and an unreadable file': {
    script: 'mkfifo pipe; ln -s /nowhere dangling; echo 1 >a; chmod 755 a',
    files: 'A\ta\nA\tdangling',
  },
  'ignores files of its own': { script: 'echo "*.log" >.gitignore; echo 1 >x.log', files: 'A\t.gitignore' },
  'fails after edits': { script: 'echo 1 >a; exit 3', files: 'A\ta', code: 1 },
  'changes what git is configured to do': {
    script:
      'git config core.hooksPath /nowhere; git config core.autocrlf true; git config status.showUntrackedFiles no; printf "1\\n" >a',
    files: 'A\ta',
    warnings: 'warning: core.hooksPath changed while the agent ran: not set to /nowhere; git config shows it\n',
  },
  'leaves processes behind that go on writing': {
    script:
      '(trap "" HUP TERM; while :; do echo x >>late; sleep 0.01; done) >/dev/null 2>&1 & sleep 0.05; echo 1 >a; [ -s late ]',
    files: 'A\ta\nA\tlate',
  },
}

describe('git amp iterate with an agent that', () => {
  it.each(Object.entries(messes))('%s', async (_name, mess) => {
    const s = scene()
    s.commit({ 'kept/k': '1\n' }, 'Second')
    s.write({ 'mine.txt': 'mine' })
    const id = await s.session('a')
    const branch = s.branch(id)
    const before = [s.checkout(), s.git('rev-parse', 'main')]
    const answer = await s.iterate(id, mess.script)
    expect(
      plain(answer.stderr, s.root)
        .replace(/^Iteration 1 .*\n|^error: .*\n/gm, '')
        .replace(/^ {2}.*\n/gm, ''),
    ).toBe(mess.warnings ?? '')
    expect(answer.code).toBe(mess.code ?? 0)
    oneCommit(s, id, branch)
    const names = s.git('diff', '-z', '--name-status', '--no-renames', 'main', branch).split('\0').slice(0, -1)
    const files = names.flatMap((name, index) => (index % 2 === 0 ? [`${name}\t${names[index + 1]}`] : []))
    expect(files.join('\n')).toBe(mess.files)
    expect(s.status(id)).toBe(mess.status ?? '')
    expect([s.checkout(), s.git('rev-parse', 'main')]).toEqual(before)
    expect(s.ended(id).commits).toHaveLength(mess.own ?? 0)
    // And the session goes on.
    const next = await s.iterate(id, 'echo next >next')
    expect(plain(next.stdout, s.root)).toContain('iteration 2: <oid12> 1 file +1 -0')
    expect(s.git('diff', '--name-status', `${branch}~1`, branch)).toBe('A\tnext')
  })

  it('moves refs outside of the session, which is reported', async () => {
    const s = scene()
    s.git('branch', 'theirs')
    s.commit({ b: '1' })
    const id = await s.session('a')
    const answer = await s.iterate(
      id,
      'echo 1 >a; git update-ref refs/heads/theirs main; git tag v1; git update-ref -d refs/heads/theirs main; git branch new main',
    )
    expect(answer.code).toBe(0)
    expect(plain(answer.stderr, s.root)).toMatchInlineSnapshot(`
      "Iteration 1 of a: shell is working...
      warning: refs/heads/theirs moved while the agent ran: <oid12> to nothing
      warning: refs/heads/new moved while the agent ran: nothing to <oid12>
      warning: refs/tags/v1 moved while the agent ran: nothing to <oid12>
      "
    `)
    expect((await s.show(id)).iterations[0]?.remarks.refs).toHaveLength(3)
    expect((await s.amp('show', id, '--iteration', '1')).stdout).toContain('refs/tags/v1')
  })

  it('moves the branch that is checked out, which is reported', async () => {
    const s = scene()
    s.commit({ b: '1' })
    const id = await s.session('a')
    const answer = await s.iterate(id, 'echo 1 >a; git update-ref refs/heads/main main~1')
    expect(plain(answer.stderr, s.root)).toContain(
      'warning: refs/heads/main moved while the agent ran: <oid12> to <oid12>\n',
    )
  })

  it('makes its branch a symbolic ref: the branch that it points at stays', async () => {
    const s = scene()
    s.commit({ b: '1' })
    const id = await s.session('a', { args: ['--base', 'main~1'] })
    const [branch, before] = [s.branch(id), [s.git('rev-parse', 'main'), s.checkout()]]
    const answer = await s.iterate(id, `echo 1 >a; git symbolic-ref refs/heads/${branch} refs/heads/main`)
    expect(answer.code).toBe(0)
    expect([s.git('rev-parse', 'main'), s.checkout()]).toEqual(before)
    expect(() => s.git('symbolic-ref', `refs/heads/${branch}`)).toThrow()
    expect(s.snapshot(id).heads).toEqual([s.git('rev-parse', branch)])
    expect(s.git('diff', '--name-status', 'main~1', branch)).toBe('A\ta')
    expect((await s.iterate(id, 'echo 2 >a')).code).toBe(0)
    expect([s.git('rev-parse', 'main'), s.checkout()]).toEqual(before)
  })

  it('makes its branch a symbolic ref that points at nothing: it is a branch again', async () => {
    const s = scene()
    const id = await s.session('a')
    const branch = s.branch(id)
    const answer = await s.iterate(id, `echo 1 >a; git symbolic-ref refs/heads/${branch} refs/heads/nothing`)
    expect(answer.code).toBe(0)
    expect(() => s.git('symbolic-ref', `refs/heads/${branch}`)).toThrow()
    expect(() => s.git('rev-parse', '--verify', 'refs/heads/nothing')).toThrow()
    expect(s.git('diff', '--name-status', 'main', branch)).toBe('A\ta')
  })

  it('moves a submodule, whose commit is taken up', async () => {
    const s = scene()
    s.gitAt(s.root, 'init', '-q', 'lib')
    const lib = `${s.root}/lib`
    const first = s.commit({ l: '1' }, 'one', lib)
    const second = s.commit({ l: '2' }, 'two', lib)
    s.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', lib, 'lib')
    s.gitAt(`${s.dir}/lib`, 'checkout', '-q', first)
    s.git('commit', '-qam', 'Add lib')
    const id = await s.session('a')
    const answer = await s.iterate(
      id,
      `git -c protocol.file.allow=always submodule --quiet update --init; git -C lib checkout -q ${second}; echo dirt >lib/dirt; echo 1 >a`,
    )
    expect(answer.code).toBe(0)
    expect(s.git('ls-tree', s.branch(id), 'lib')).toContain(second)
    expect(s.git('diff', '--name-only', 'main', s.branch(id))).toBe('a\nlib')
    expect((await s.iterate(id, 'true')).stdout).toBe('iteration 2: no change\n')
  })

  it('works in a sparse checkout, and outside of it', async () => {
    const s = scene()
    s.commit({ 'in/a': '1', 'out/b': '1' })
    const id = await s.session('a')
    s.gitAt(s.worktree(id), 'sparse-checkout', 'set', 'in')
    expect(s.exists('out/b', s.worktree(id))).toBe(false)
    const answer = await s.iterate(id, 'echo 2 >in/a; mkdir -p out; echo 2 >out/c')
    expect(answer.code).toBe(0)
    expect(s.git('diff', '--name-status', 'main', s.branch(id))).toBe('M\tin/a\nA\tout/c')
  })

  it('removes its worktree altogether: the work that git had is kept, and the next iteration makes it again', async () => {
    const s = scene()
    const id = await s.session('a')
    const answer = await s.iterate(id, 'echo 1 >a; git add a; git commit -qm own; rm -rf "$PWD"')
    expect([answer.code, plain(answer.stderr, s.root)]).toMatchInlineSnapshot(`
      [
        128,
        "Iteration 1 of a: shell is working...
      fatal: the agent removed the worktree '$ROOT/repo/.worktrees/<id>'
      hint: Run "git amp iterate" again: it makes the worktree again, with all that was committed there.
      ",
      ]
    `)
    const next = await s.iterate(id, 'echo 2 >b')
    expect(next.code).toBe(0)
    expect(s.git('ls-tree', '--name-only', s.branch(id))).toBe('README.md\na\nb')
  })
})

/** One `amp:` commit on the recorded parent, on the session's branch, which the worktree is on. */
function oneCommit(s: Scene, id: string, branch: string): void {
  expect(s.gitAt(s.worktree(id), 'symbolic-ref', '--short', 'HEAD')).toBe(branch)
  expect(s.git('log', '--format=%P', `main..${branch}`)).toBe(s.git('rev-parse', 'main'))
  const form =
    '--format=%s|%(trailers:key=Amp-Session,valueonly,separator=)|%(trailers:key=Amp-Iteration,valueonly,separator=)'
  const [subject, session, iteration] = s.git('log', '-1', form, branch).split('|').slice(-3)
  expect(subject === '' ? '' : s.git('log', '-1', '--format=%s', branch)).toMatch(/^amp: /)
  expect(session).toBe(id)
  expect(iteration).toBe(s.snapshot(id).last?.iteration)
}
