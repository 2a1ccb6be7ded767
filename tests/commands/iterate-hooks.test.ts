import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { plain } from '../helpers/run.js'
import { type Scene, scene } from '../helpers/scene.js'

const bodyOf = (s: Scene, id: string) => s.git('log', '-1', '--format=%B', s.branch(id))

describe('hooks in an iteration', () => {
  it('run as for a commit: one that restages has its say, and the commit is as it leaves the index', async () => {
    const s = scene()
    const id = await s.session('a')
    s.hook(
      'pre-commit',
      'for f in $(git diff --cached --name-only --diff-filter=AM -- "*.txt"); do tr a-z A-Z <$f >$f.new && mv $f.new $f && git add $f; done',
    )
    const answer = await s.iterate(id, 'echo hello >a.txt; echo hello >b.md')
    expect(answer).toMatchObject({ code: 0 })
    expect(answer.stderr).not.toContain('warning')
    expect(s.git('show', `${s.branch(id)}:a.txt`)).toBe('HELLO')
    expect(s.git('show', `${s.branch(id)}:b.md`)).toBe('hello')
    expect(s.status(id)).toBe('')
  })

  it('that fail never lose the work: the commit is made without them, and the iteration says so', async () => {
    const s = scene()
    const id = await s.session('a')
    s.hook('pre-commit', 'echo "no tabs, please" >&2; exit 7')
    const answer = await s.iterate(id, 'echo 1 >a')
    expect(answer.code).toBe(0)
    expect(plain(answer.stderr, s.root)).toMatchInlineSnapshot(`
      "Iteration 1 of a: shell is working...
      warning: the pre-commit hook failed (exit code 7); the iteration's commit was made without it
      "
    `)
    expect(s.subjects(`main..${s.branch(id)}`)).toEqual(['amp: echo 1 >a'])
    expect(s.status(id)).toBe('')
    expect((await s.show(id)).iterations[0]?.remarks.hooks).toEqual([
      { name: 'pre-commit', exit: 7, output: 'no tabs, please' },
    ])
    const line =
      "the pre-commit hook failed (exit code 7); the iteration's commit was made without it\n    no tabs, please\n"
    expect((await s.amp('show', id, '--iteration', '1')).stdout).toContain(`Note: ${line}`)
    expect((await s.iterate(id, 'echo 2 >a', '-v')).stderr).toContain(`warning: ${line}`)
    expect((await s.amp('log', id)).stdout).toContain('[1 file +1 -0, hook failed]')
  })

  it('that fix files and fail get a second run on what they fixed', async () => {
    const s = scene()
    const id = await s.session('a')
    s.hook('pre-commit', `echo run >>${s.root}/runs; grep -q fixed a || { echo fixed >>a; exit 1; }`)
    const answer = await s.iterate(id, 'echo 1 >a')
    expect(answer.stderr).not.toContain('warning')
    expect(s.git('show', `${s.branch(id)}:a`)).toBe('1\nfixed')
    expect(s.read('runs', s.root)).toBe('run\nrun\n')
    expect(s.status(id)).toBe('')
  })

  it('that change files and fail for good leave the agent’s work as it was', async () => {
    const s = scene()
    const id = await s.session('a')
    s.hook('pre-commit', 'echo hook >>a; echo hook >new; git add new; exit 1')
    await s.iterate(id, 'echo 1 >a')
    expect(s.git('show', `${s.branch(id)}:a`)).toBe('1')
    expect(s.status(id)).toBe('')
    expect((await s.iterate(id, 'true')).stdout).toBe('iteration 2: no change\n')
    expect(s.git('log', '--format=%s', `main..${s.branch(id)}`)).toBe('amp: echo 1 >a')
  })

  it('for the message may edit it, but not take prefix and trailers away', async () => {
    const s = scene()
    const id = await s.session('a')
    s.hook(
      'prepare-commit-msg',
      'printf "%s\\n" "$2" >kind; rm kind; { cat "$1"; echo "Ticket: 42"; } >"$1.new"; mv "$1.new" "$1"',
    )
    await s.iterate(id, 'echo 1 >a')
    expect(bodyOf(s, id)).toMatch(/^amp: echo 1 >a\n\nAmp-Session: .*\nAmp-Iteration: .*\nTicket: 42\n?$/)
    s.hook('prepare-commit-msg', 'exit 0')
    s.hook('commit-msg', 'echo "feat: rewritten" >"$1"')
    await s.iterate(id, 'echo 2 >a')
    expect(bodyOf(s, id)).toMatch(new RegExp(`^amp: feat: rewritten\n\nAmp-Session: ${id}\nAmp-Iteration: .{12}\n?$`))
    s.hook('commit-msg', 'echo "needs a ticket"; exit 1')
    const answer = await s.iterate(id, 'echo 3 >a')
    expect(answer.stderr).toContain(
      "warning: the commit-msg hook failed (exit code 1); the iteration's commit was made without it\n",
    )
    expect(bodyOf(s, id)).toMatch(/^amp: echo 3 >a\n\nAmp-Session/)
    s.hook('commit-msg', ': >"$1"')
    await s.iterate(id, 'echo 4 >a')
    expect(bodyOf(s, id)).toMatch(/^amp: echo 4 >a\n\nAmp-Session/)
  })

  it('after the commit see it; nothing they do changes the result', async () => {
    const s = scene()
    const id = await s.session('a')
    s.hook('post-commit', `git log -1 --format=%s >>${s.root}/post; exit 1`)
    expect((await s.iterate(id, 'echo 1 >a')).code).toBe(0)
    expect(s.read('post', s.root)).toBe('amp: echo 1 >a\n')
    s.write({ mine: '1' }, s.worktree(id))
    expect((await s.iterate(id, 'echo 2 >a')).code).toBe(0)
    expect(s.read('post', s.root).split('\n').slice(1, 3)).toEqual([
      'Manual changes before iteration 2',
      'amp: echo 2 >a',
    ])
  })

  it('are found where core.hooksPath says, relative to the worktree, or to the main one when git ignores them', async () => {
    const s = scene()
    s.commit({ '.gitignore': '.husky/_/\n', '.husky/pre-commit': 'echo husky >>ran' })
    mkdirSync(join(s.dir, '.husky/_'))
    writeFileSync(join(s.dir, '.husky/_/pre-commit'), '#!/bin/sh\nsh -e .husky/pre-commit\ngit add ran\n', {
      mode: 0o755,
    })
    s.git('config', 'core.hooksPath', '.husky/_')
    const id = await s.session('a')
    const answer = await s.iterate(id, 'echo 1 >a')
    expect(answer.stderr).not.toContain('warning')
    expect(s.git('show', `${s.branch(id)}:ran`)).toBe('husky')
    s.git('config', 'core.hooksPath', '.hooks')
    s.hook('pre-commit', 'exit 1')
    await s.iterate(
      id,
      'mkdir .hooks; printf "#!/bin/sh\\necho own >>ran; git add ran\\n" >.hooks/pre-commit; chmod 755 .hooks/pre-commit',
    )
    expect((await s.iterate(id, 'echo 2 >a')).stderr).not.toContain('warning')
    expect(s.git('show', `${s.branch(id)}:ran`)).toContain('own')
  })

  it('are those of before, whatever the agent sets, and the change is told', async () => {
    const s = scene()
    const id = await s.session('a')
    s.hook('pre-commit', `touch ${s.root}/ran`)
    const answer = await s.iterate(id, 'git config core.hooksPath /nonexistent; echo 1 >a')
    expect([answer.code, answer.stderr]).toEqual([
      0,
      expect.stringContaining('warning: core.hooksPath changed while the agent ran: not set to /nonexistent'),
    ])
    expect(s.exists('ran', s.root)).toBe(true)
    expect((await s.amp('show', id, '--iteration', '1')).stdout).toContain('core.hooksPath changed')
  })

  it('do not run with amp.hooks=skip, and not for the state', async () => {
    const s = scene()
    for (const name of ['pre-commit', 'commit-msg', 'post-commit']) s.hook(name, `echo ${name} >>${s.root}/ran; exit 1`)
    s.hook('reference-transaction', `grep refs/amp >>${s.root}/ran; exit 0`)
    s.git('config', 'amp.hooks', 'skip')
    const id = await s.session('a')
    expect(await s.iterate(id, 'echo 1 >a')).toMatchObject({ code: 0 })
    expect((await s.amp('squash', id)).code).toBe(0)
    expect(s.read('ran', s.root)).toBe('')
  })

  it('run for the human’s own edits as well', async () => {
    const s = scene()
    const id = await s.session('a')
    s.write({ mine: '1' }, s.worktree(id))
    s.hook('pre-commit', 'git diff --cached --quiet -- mine || { echo checked >>mine; git add mine; }')
    await s.iterate(id, 'echo 1 >a')
    expect(s.git('show', `${s.branch(id)}~1:mine`)).toBe('1checked')
    s.write({ mine: '2' }, s.worktree(id))
    s.hook('pre-commit', 'git diff --cached --quiet -- mine')
    const failing = await s.iterate(id, 'echo 2 >a')
    expect(failing.stderr.match(/^warning: .*$/gm)).toEqual([
      'warning: the pre-commit hook failed (exit code 1); the commit of your changes was made without it',
    ])
    expect(s.subjects(`main..${s.branch(id)}`)).toHaveLength(4)
  })
})

describe('commit.gpgSign', () => {
  const signing = (s: Scene) => {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(s.root, 'key')])
    s.git('config', 'gpg.format', 'ssh')
    s.git('config', 'user.signingKey', join(s.root, 'key.pub'))
    s.git('config', 'commit.gpgSign', 'true')
    writeFileSync(join(s.root, 'signers'), `author@example.com ${s.read('key.pub', s.root)}`)
    s.git('config', 'gpg.ssh.allowedSignersFile', join(s.root, 'signers'))
  }

  it('signs iterations, manual commits, squashes, rebases and merges', async () => {
    const s = scene()
    signing(s)
    const id = await s.session('a')
    s.write({ mine: '1' }, s.worktree(id))
    await s.iterate(id, 'echo 1 >a')
    const branch = s.branch(id)
    const signs = (range: string) => s.git('log', '--format=%G?', range).split('\n').join('')
    expect(signs(`main..${branch}`)).toBe('GG')
    s.commit({ base: '1' })
    expect((await s.amp('rebase', id)).code).toBe(0)
    expect(signs(`main..${branch}`)).toBe('GG')
    expect((await s.amp('squash', id, '--manual=include')).code).toBe(0)
    expect(signs(`main..${branch}`)).toBe('G')
    expect((await s.amp('merge', id, '--no-ff')).code).toBe(0)
    expect(s.git('log', '-1', '--format=%G? %P', 'main').split(' ')).toHaveLength(3)
    expect(s.git('log', '-1', '--format=%G?', 'main')).toBe('G')
  })

  it('that cannot be done leaves the commit unsigned, with a warning', async () => {
    const s = scene()
    const id = await s.session('a')
    signing(s)
    s.git('config', 'user.signingKey', join(s.root, 'missing'))
    const answer = await s.iterate(id, 'echo 1 >a')
    expect(answer.code).toBe(0)
    expect(answer.stderr).toMatch(/^warning: the commit is not signed: .+$/m)
    expect(s.subjects(`main..${s.branch(id)}`)).toHaveLength(1)
    expect((await s.show(id)).iterations[0]?.remarks.unsigned).toBeTruthy()
    const squash = await s.amp('squash', id)
    expect([squash.code, squash.stderr]).toEqual([
      0,
      'warning: 1 commit could not be signed\nSquashed 1 commit into 1\n',
    ])
    const merge = await s.amp('merge', id, '--no-ff')
    expect(merge.code).toBe(0)
    expect(merge.stderr).toContain('warning: the commit is not signed: ')
  })
})
