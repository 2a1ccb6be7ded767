import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { plain } from '../helpers/run.js'
import { type Scene, scene } from '../helpers/scene.js'

describe('git amp new', () => {
  it('makes branch, worktree and record, and leaves the checkout alone', async () => {
    const s = scene()
    const before = s.checkout()
    const answer = await s.amp(
      'new',
      'Fix the login',
      '-m',
      'Handle nested quotes\n\nIn the parser.',
      '--agent',
      'shell',
    )
    expect(answer.code).toBe(0)
    const id = answer.stdout.trim()
    expect(id).toMatch(/^[0-9a-hjkmnp-tv-z]{12}$/)
    expect(plain(answer.stderr, s.root)).toMatchInlineSnapshot(`
      "Session <id> on amp/fix-the-login/<time> from main
      Worktree $ROOT/repo/.worktrees/<id>
      hint: Run the agent with "git amp iterate <short>".
      "
    `)
    const branch = s.gitAt(s.worktree(id), 'symbolic-ref', '--short', 'HEAD')
    expect(branch).toMatch(/^amp\/fix-the-login\/\d{8}-\d{6}$/)
    expect(s.git('rev-parse', branch)).toBe(s.git('rev-parse', 'main'))
    expect(s.git('status', '--porcelain')).toBe('')
    expect(s.checkout()).toBe(before)
    expect(s.read('.git/info/exclude')).toContain('/.worktrees/\n')
    expect(s.snapshot(id)).toMatchObject({
      name: 'Fix the login',
      slug: 'fix-the-login',
      title: 'Handle nested quotes',
      base: { ref: 'refs/heads/main', oid: s.git('rev-parse', 'main') },
    })
  })

  it('keeps a worktree at a path of the user’s choice out of git status, and nothing beside it', async () => {
    const s = scene()
    s.commit({ 'src/a': '1' })
    const linked = join(s.root, 'linked')
    s.git('worktree', 'add', '-q', '-b', 'linked', linked)
    const start = async (cwd: string, path: string) => {
      const answer = await s.ampAt(cwd, 'new', 'a', '-m', 'true', '--agent', 'shell', '--worktree', path)
      expect([answer.code, s.exists('.git', join(cwd, path))]).toEqual([0, true])
    }
    for (const path of ['src/wt', './wt', 'odd [x]* wt', 'back\\slash']) await start(s.dir, path)
    await start(linked, 'inner')
    s.write({ 'src/new': '1', 'odd x wt/new': '1' })
    expect(s.git('status', '--porcelain', '-uall')).toBe('?? "odd x wt/new"\n?? src/new')
    expect(s.gitAt(linked, 'status', '--porcelain', '-uall')).toBe('')
    s.git('config', 'amp.worktreeDir', '.')
    await s.session('b')
    expect(s.git('status', '--porcelain')).toBe('?? "odd x wt/"\n?? src/new')
  })

  it('writes the state as the format says: a root without events, then the event with its base as a code parent', async () => {
    const s = scene()
    const id = await s.session('a')
    const ref = `refs/amp/sessions/${id}`
    const parents = s.git('log', '--first-parent', '--format=%P', ref).split('\n')
    expect(parents).toEqual([`${s.git('rev-parse', `${ref}~1`)} ${s.git('rev-parse', 'main')}`, ''])
    expect(s.events(id)).toEqual(['session.created'])
    expect(s.git('log', '--first-parent', '--format=%s', ref)).toBe(
      `amp(a): session created from main\namp: session ${id}`,
    )
  })

  it('names the branch with the time in UTC, and the same name within a second with -2', async () => {
    const s = scene()
    s.env.TZ = 'Asia/Tokyo'
    const now = () => new Date('2026-01-02T03:04:05Z')
    const branches: string[] = []
    for (let count = 0; count < 3; count++) {
      const answer = await s.ampWith({ now }, 'new', 'same', '-m', 'x', '--agent', 'shell')
      branches.push(s.branch(answer.stdout.trim()))
    }
    expect(branches).toEqual(['amp/same/20260102-030405', 'amp/same/20260102-030405-2', 'amp/same/20260102-030405-3'])
  })

  describe('the base', () => {
    it('is the current branch, else amp.base, else what --base names', async () => {
      const s = scene()
      s.git('branch', 'stable')
      s.git('switch', '-q', '-c', 'work')
      s.commit({ 'w.txt': 'w' })
      const current = s.snapshot(await s.session('current')).base
      expect(current).toEqual({ ref: 'refs/heads/work', oid: s.git('rev-parse', 'work') })
      s.git('config', 'amp.base', 'stable')
      const configured = s.snapshot(await s.session('configured')).base
      expect(configured).toEqual({ ref: 'refs/heads/stable', oid: s.git('rev-parse', 'stable') })
      const id = await s.session('named', { args: ['--base', 'work'] })
      expect(s.snapshot(id).base.ref).toBe('refs/heads/work')
      expect(s.exists('w.txt', s.worktree(id))).toBe(true)
      const commit = await s.session('commit', { args: ['--base', 'work~1'] })
      expect(s.snapshot(commit).base).toEqual({ ref: null, oid: s.git('rev-parse', 'work~1') })
    })

    it('is the commit itself with a detached HEAD', async () => {
      const s = scene()
      s.git('checkout', '-q', '--detach')
      const answer = await s.amp('new', 'a', '-m', 'x', '--agent', 'shell')
      expect(answer.code).toBe(0)
      expect(plain(answer.stderr, s.root)).toContain('from <oid12>\n')
      expect(s.snapshot(answer.stdout.trim()).base.ref).toBeNull()
    })

    it('has to exist', async () => {
      const s = scene()
      const named = await s.amp('new', 'a', '-m', 'x', '--base', 'nowhere')
      expect(named).toMatchInlineSnapshot(`
        {
          "code": 128,
          "stderr": "fatal: the base 'nowhere' is no commit
        hint: Name a branch or commit with --base <revision>.
        ",
          "stdout": "",
        }
      `)
      s.git('config', 'amp.base', '--upload-pack=evil')
      const configured = await s.amp('new', 'a', '-m', 'x')
      expect(configured.code).toBe(128)
      expect(configured.stderr).toContain("fatal: the base '--upload-pack=evil' (from amp.base) is no commit\n")
      nothingLeft(s)
    })
  })

  it('says something useful in an unborn repository, outside of one, and without an identity', async () => {
    const unborn = scene({ unborn: true })
    expect(await unborn.amp('new', 'a', '-m', 'x')).toMatchInlineSnapshot(`
      {
        "code": 128,
        "stderr": "fatal: this repository has no commit yet, and a session starts from one
      hint: Run "git commit --allow-empty -m 'Initial commit'".
      ",
        "stdout": "",
      }
    `)
    expect(await unborn.ampAt(unborn.root, 'new', 'a', '-m', 'x')).toMatchInlineSnapshot(`
      {
        "code": 128,
        "stderr": "fatal: not a git repository (or any of the parent directories)
      hint: Change to a repository, or name one with "git -C <dir> amp ..." or --repo <dir>.
      ",
        "stdout": "",
      }
    `)
    const s = scene()
    s.git('config', '--file', join(s.root, 'gitconfig'), '--remove-section', 'user')
    s.git('config', 'user.useConfigOnly', 'true')
    expect(await s.amp('new', 'a', '-m', 'x', '--agent', 'shell')).toMatchInlineSnapshot(`
      {
        "code": 128,
        "stderr": "fatal: git does not know who you are, and every session and commit has an author
      hint: Run "git config --global user.name 'Your Name'"
      hint: and "git config --global user.email you@example.com".
      ",
        "stdout": "",
      }
    `)
    nothingLeft(s)
  })

  it('refuses when a branch amp is in the way, and works with another prefix', async () => {
    const s = scene()
    s.git('branch', 'amp')
    expect(await s.amp('new', 'a', '-m', 'x', '--agent', 'shell')).toMatchInlineSnapshot(`
      {
        "code": 128,
        "stderr": "fatal: the branch 'amp' exists, so no branch 'amp/...' can be made
      hint: Choose another prefix with "git config amp.branchPrefix sessions/",
      hint: or rename the branch with "git branch -m amp amp-old".
      ",
        "stdout": "",
      }
    `)
    nothingLeft(s)
    s.git('config', 'amp.branchPrefix', 'sessions/')
    const id = await s.session('a', { prompt: 'echo 1 >a' })
    expect(s.branch(id)).toMatch(/^sessions\/a\//)
    expect((await s.amp('iterate', id)).code).toBe(0)
    s.git('config', 'amp.branchPrefix', '../x')
    expect((await s.amp('new', 'a', '-m', 'x')).code).toBe(128)
  })

  it.each([
    ['-x', 'x'],
    ['a..b~^:?*[\\@{1}.lock', 'a-b-1-lock'],
    ['two\nlines\t\u0007bell', 'two-lines-bell'],
    ['🎉', 'session'],
    ['修复登录问题', '修复登录问题'],
    ['إصلاح تسجيل الدخول', 'إصلاح-تسجيل-الدخول'],
    ['Ünïcödé ÇA', 'unicode-ca'],
    ['x'.repeat(300), 'x'.repeat(40)],
    ['字'.repeat(300), '字'.repeat(40)],
  ])('takes the name %j', async (name, slug) => {
    const s = scene()
    const answer = await s.amp('new', '-m', 'echo 1 >a', '--agent', 'shell', `--name=${name}`)
    expect(answer.stderr.split('\n')[0]).toContain(slug)
    const id = answer.stdout.trim()
    expect(s.snapshot(id).slug).toBe(slug)
    expect((await s.amp('iterate', id)).code).toBe(0)
    const list = await s.amp('list')
    expect(list.stdout.trimEnd().split('\n')).toHaveLength(1)
    expect(list.stdout).toContain(slug)
    expect((await s.amp('path', slug)).stdout.trim()).toBe(s.worktree(id))
  })

  describe('the prompt', () => {
    const promptOf = async (s: Scene, id: string) => (await s.show(id)).session.prompt

    it('comes from -m, each a paragraph, from a file or from standard input', async () => {
      const s = scene()
      const several = await s.session('a', { prompt: 'one', args: ['-m', 'two'] })
      expect(await promptOf(s, several)).toBe('one\n\ntwo')
      s.write({ 'sub/prompt.txt': 'From a file\nand more\n' })
      const file = await s.ampAt(join(s.dir, 'sub'), 'new', '-F', 'prompt.txt', '--agent', 'shell')
      expect(await promptOf(s, file.stdout.trim())).toBe('From a file\nand more\n')
      expect(s.snapshot(file.stdout.trim()).slug).toBe('from-a-file')
      const stdin = await s.ampWith({ stdin: 'From stdin' }, 'new', '-F-', '--agent', 'shell')
      expect(await promptOf(s, stdin.stdout.trim())).toBe('From stdin')
    })

    it('is kept whole when it is long', async () => {
      const s = scene()
      const prompt = `Läng\n${'0123456789äöü\n'.repeat(20_000)}`
      const id = (await s.ampWith({ stdin: prompt }, 'new', '-F', '-', '--agent', 'shell')).stdout.trim()
      expect(await promptOf(s, id)).toBe(prompt)
      expect(Number(s.git('cat-file', '-s', `refs/amp/sessions/${id}`))).toBeLessThan(16 * 1024)
    })

    it('has to be there', async () => {
      const s = scene()
      expect(await s.amp('new', 'a')).toMatchInlineSnapshot(`
        {
          "code": 128,
          "stderr": "fatal: no prompt given
        hint: Use -m <prompt>, -F <file>, or -F - for standard input.
        ",
          "stdout": "",
        }
      `)
      expect(await s.amp('new', 'a', '-m', ' \n ')).toMatchInlineSnapshot(`
        {
          "code": 128,
          "stderr": "fatal: the prompt is empty
        hint: Say what to do with -m <prompt>, or -F <file>.
        ",
          "stdout": "",
        }
      `)
      expect(await s.amp('new', 'a', '-m', 'x', '-F', 'y')).toMatchInlineSnapshot(`
        {
          "code": 129,
          "stderr": "error: -m and -F both give the prompt
        hint: Use one of them.
        usage: git amp new [<options>] [<name>]
        ",
          "stdout": "",
        }
      `)
      expect((await s.amp('new', 'a', '-F', 'missing')).stderr).toContain(
        "fatal: cannot read 'missing': no such file or directory\n",
      )
      nothingLeft(s)
    })

    it('is kept without secrets, in whatever they stand, and so are name and branch', async () => {
      const s = scene()
      const token = `ghp_${'a1B2c3D4e5'.repeat(4)}`
      s.env.MY_API_KEY = 'correct-horse-battery'
      const prompt = `Use ${token}\nand correct-horse-battery in https://me:hunter22@example.com`
      const answer = await s.amp('new', '-m', prompt, '--agent', 'shell', '--test', `echo ${token}`)
      expect(answer.code).toBe(0)
      expect(answer.stderr).toContain(
        'warning: the prompt contains something that looks like a secret; it is kept without it\n',
      )
      await s.amp('iterate', answer.stdout.trim(), '-m', `echo 1 >a # ${token} correct-horse-battery`)
      await s.amp('new', `named ${token}`, '-m', 'x', '--agent', 'shell')
      const everything = `${s.git('cat-file', '--batch-all-objects', '--batch', '--unordered')}\n${s.refs()}`
      expect(everything).toContain('[redacted]')
      expect(everything.match(/.*(ghp.a1b2c3d4e5|correct-horse|hunter22).*/gi)).toBeNull()
    })
  })

  it('works in the repository that a relative --repo names, and takes -m from the directory it was called in', async () => {
    const s = scene()
    s.write({ 'prompt.txt': 'True story' }, s.root)
    const answer = await s.ampAt(s.root, 'new', '--repo', './repo', '-F', 'prompt.txt', '--agent', 'shell', '--json')
    expect(answer.code).toBe(0)
    const { schema, session } = JSON.parse(answer.stdout)
    expect(schema).toBe('git-amp/session@1')
    expect(session).toMatchObject({ worktree: s.worktree(session.id), state: 'idle', title: 'True story' })
    expect(existsSync(join(s.root, '.worktrees'))).toBe(false)
    expect((await s.ampAt(s.root, '--repo=repo', 'list')).stdout).toContain('true-story')
  })

  it('puts the worktree where --worktree or amp.worktreeDir say', async () => {
    const s = scene()
    const named = await s.ampAt(
      s.root,
      'new',
      '--repo',
      'repo',
      'a',
      '-m',
      'x',
      '--agent',
      'shell',
      '--worktree',
      'elsewhere',
    )
    expect(named.code).toBe(0)
    expect((await s.amp('path', 'a')).stdout.trim()).toBe(join(s.root, 'elsewhere'))
    s.git('config', 'amp.worktreeDir', '../trees')
    const id = await s.session('b')
    expect((await s.amp('path', id)).stdout.trim()).toBe(join(s.root, 'trees', id))
    s.git('config', 'amp.worktreeDir', 'in/side')
    await s.session('c')
    expect(s.git('status', '--porcelain')).toBe('')
  })

  it('leaves nothing behind when the worktree cannot be made', async () => {
    const s = scene()
    s.write({ 'in-the-way': 'mine' }, s.root)
    const args = ['new', 'a', '-m', 'x', '--agent', 'shell', '--worktree']
    const answer = await s.ampAt(s.root, ...args, join(s.root, 'in-the-way'), '--repo', 'repo')
    expect(plain(answer.stderr, s.root)).toMatchInlineSnapshot(`
      "fatal: '$ROOT/in-the-way' exists, and is not this session's worktree
      hint: Move it away, then run the command again.
      "
    `)
    expect(answer).toMatchObject({ code: 128, stdout: '' })
    nothingLeft(s)
    expect(s.read('in-the-way', s.root)).toBe('mine')
  })

  it('leaves nothing behind when the checkout fails', async () => {
    const s = scene()
    s.commit({ '.gitattributes': '*.bin filter=broken\n', 'a.bin': 'x' })
    s.git('config', 'filter.broken.smudge', 'false')
    s.git('config', 'filter.broken.required', 'true')
    const answer = await s.amp('new', 'a', '-m', 'x', '--agent', 'shell')
    expect(answer.code).toBe(128)
    nothingLeft(s)
    expect(existsSync(join(s.dir, '.worktrees')) ? readdirSync(join(s.dir, '.worktrees')) : []).toEqual([])
  })

  it('keeps the worktree when only the post-checkout hook fails', async () => {
    const s = scene()
    s.hook('post-checkout', 'exit 1')
    const id = await s.session('a', { prompt: 'echo 1 >a' })
    expect((await s.amp('iterate', id)).code).toBe(0)
  })

  it('refuses an unknown agent, and starts a session for one that is not installed here', async () => {
    const s = scene()
    expect(await s.amp('new', 'a', '-m', 'x', '--agent', 'amq')).toMatchInlineSnapshot(`
      {
        "code": 128,
        "stderr": "fatal: unknown agent 'amq'
      hint: Known agents: amp, claude, codex, gemini, opencode, shell.
      hint: Any other program that reads a prompt is one after "git config amp.agent.<name>.command <command>".
      ",
        "stdout": "",
      }
    `)
    nothingLeft(s)
    s.env.PATH = '/usr/bin:/bin'
    expect((await s.amp('new', 'a', '-m', 'x', '--agent', 'amp')).code).toBe(0)
  })

  it('runs the first iteration with --run', async () => {
    const s = scene()
    const before = s.checkout()
    const answer = await s.amp('new', 'a', '-m', 'echo 1 >a', '--agent', 'shell', '--test', 'grep -q 1 a', '--run')
    expect(answer.code).toBe(0)
    expect(plain(answer.stderr, s.root)).toMatchInlineSnapshot(`
      "Session <id> on amp/a/<time> from main
      Worktree $ROOT/repo/.worktrees/<id>
      Iteration 1 of a: shell is working...
      Testing: grep -q 1 a
      iteration 1: <oid12> 1 file +1 -0, tests pass
      "
    `)
    const id = answer.stdout.trim()
    expect(s.subjects(`main..${s.branch(id)}`)).toEqual(['amp: echo 1 >a'])
    const failing = await s.amp('new', 'b', '-m', 'exit 3', '--agent', 'shell', '--run', '--json')
    expect(failing.code).toBe(1)
    expect(JSON.parse(failing.stdout).session.last.outcome).toBe('failed')
    expect(s.checkout()).toBe(before)
  })
})

describe('names, places and settings', () => {
  it('expands amp.worktreeDir as git expands paths', async () => {
    const s = scene()
    s.git('config', 'amp.worktreeDir', '~/wt')
    const id = await s.session('a')
    expect((await s.amp('path', id)).stdout).toBe(`${s.root}/wt/${id}\n`)
    expect(existsSync(join(s.dir, '~'))).toBe(false)
    expect((await s.iterate(id, 'echo 1 >a')).code).toBe(0)
    s.git('config', 'amp.worktreeDir', '')
    expect((await s.amp('new', 'b', '-m', 'x', '--agent', 'shell')).stderr).toMatch(
      /^fatal: bad config value '' for 'amp.worktreeDir'\n/,
    )
  })

  it.each(['', ' ', '@', '-', '..', '.'])('refuses %j as a name', async (name) => {
    const s = scene()
    const answer = await s.amp('new', '-m', 'x', '--agent', 'shell', `--name=${name}`)
    expect([answer.code, answer.stderr]).toEqual([
      128,
      expect.stringMatching(/^fatal: (the name is empty|'.+' cannot be)/),
    ])
    expect(s.refs()).not.toContain('refs/amp')
  })

  it('warns of an agent that is not installed', async () => {
    const s = scene()
    s.env.PATH = '/usr/bin:/bin'
    const answer = await s.amp('new', 'a', '-m', 'x', '--agent', 'amp')
    expect([answer.code, answer.stderr]).toEqual([
      0,
      expect.stringMatching(/^warning: the agent 'amp' is not installed/),
    ])
  })

  it('takes an agent of the user’s own, from the setting too', async () => {
    const s = scene()
    s.git('config', 'amp.agent.mine.command', 'sh -s')
    s.git('config', 'amp.agent', 'mine')
    const answer = await s.amp('new', 'a', '-m', 'echo 1 >a')
    expect([answer.code, answer.stderr]).toEqual([0, expect.not.stringContaining('warning')])
    expect(s.snapshot(answer.stdout.trim()).agent).toBe('mine')
  })

  it('never tells to repair or move the main worktree', async () => {
    const s = scene()
    const answer = await s.amp('new', 'a', '-m', 'x', '--agent', 'shell', '--worktree', '.')
    expect(answer).toEqual({
      code: 128,
      stdout: '',
      stderr: `fatal: '${s.dir}' is a repository of its own\nhint: Choose another path for the worktree.\n`,
    })
  })

  it.each([
    ['amp.timeout', 'abc'],
    ['amp.hooks', 'sometimes'],
    ['amp.mergeStyle', 'octopus'],
    ['amp.squash', 'perhaps'],
    ['amp.idleTimeout', 'soon'],
    ['amp.onFailure', 'drop'],
    ['amp.jobs', '0'],
    ['amp.maxCost', 'much'],
    ['amp.notify', 'sometimes'],
    ['amp.notifyAfter', 'soon'],
    ['amp.coAuthor', 'nobody'],
    ['amp.agent.shell.approve', 'perhaps'],
    ['amp.agent', 'nobody'],
    ['amp.branchPrefix', 'a b/'],
  ])('names %s when its value is wrong, before anything begins', async (key, value) => {
    const s = scene()
    const id = await s.session('a')
    s.git('config', key, value)
    const argv = /Prefix|agent$/.test(key) ? ['new', 'b', '-m', 'x'] : ['iterate', id]
    const refs = s.refs()
    const answer = await s.amp(...argv)
    expect([answer.code, answer.stderr]).toEqual([
      128,
      expect.stringContaining(`fatal: bad config value '${value}' for '${key}'\nhint: `),
    ])
    expect([s.refs(), (await s.amp('list')).code]).toEqual([refs, 0])
  })
})

/** No branch, no session, no worktree. */
function nothingLeft(s: Scene): void {
  expect(s.git('for-each-ref', '--format=%(refname)', 'refs/heads/amp/', 'refs/amp/')).toBe('')
  expect(s.git('worktree', 'list', '--porcelain').match(/^worktree /gm) ?? []).toHaveLength(1)
  expect(existsSync(join(s.dir, '.git/worktrees')) ? readdirSync(join(s.dir, '.git/worktrees')) : []).toEqual([])
}
