import { describe, expect, it } from 'vitest'
import { realProcesses } from '../../src/processes.js'
import { plain } from '../helpers/run.js'
import { scene } from '../helpers/scene.js'

describe('git amp iterate', () => {
  it('makes one commit of what the agent did, with its trailers, note and record', async () => {
    const s = scene()
    const before = s.checkout()
    const id = await s.session('fix', { prompt: 'echo 1 >a.txt\nmkdir -p sub && echo 2 >sub/b.txt' })
    const answer = await s.amp('iterate', id)
    expect(plain(answer.stdout, s.root)).toMatchInlineSnapshot(`
      "iteration 1: <oid12> 2 files +2 -0
      "
    `)
    expect(plain(answer.stderr, s.root)).toMatchInlineSnapshot(`
      "Iteration 1 of fix: shell is working...
      "
    `)
    expect(answer.code).toBe(0)
    const branch = s.branch(id)
    const { iterations } = await s.show(id)
    expect(s.git('log', '-1', '--format=%B%an <%ae>', branch)).toBe(
      `amp: echo 1 >a.txt\n\nAmp-Session: ${id}\nAmp-Iteration: ${iterations[0]?.id}\nA U Thor <author@example.com>`,
    )
    expect(s.git('rev-parse', `${branch}~1`)).toBe(s.git('rev-parse', 'main'))
    expect(s.git('show', `${branch}:sub/b.txt`)).toBe('2')
    expect(s.git('log', '-1', '--notes=amp', '--format=%N', branch).trim()).toBe(
      `Session ${id} (fix), iteration 1 by shell: echo 1 >a.txt`,
    )
    expect(s.events(id)).toEqual(['session.created', 'iteration.started', 'iteration.finished'])
    expect(s.snapshot(id)).toMatchObject({
      iterations: 1,
      open: [],
      heads: [s.git('rev-parse', branch)],
      changes: { files: 2, insertions: 2, deletions: 0 },
    })
    expect(s.status(id)).toBe('')
    expect(s.checkout()).toBe(before)
  })

  it('runs the session prompt first, goes on with it, and takes another one from -m or -F', async () => {
    const s = scene()
    const id = await s.session('a', { prompt: 'echo x >>a' })
    await s.amp('iterate', id)
    await s.amp('iterate', id)
    expect(s.read('a', s.worktree(id))).toBe('x\nx\n')
    s.write({ prompt: 'echo file >a' })
    await s.amp('iterate', id, '-F', 'prompt')
    await s.ampWith({ stdin: 'echo stdin >>a' }, 'iterate', id, '-F', '-')
    await s.amp('iterate', id, '-m', 'echo one >>a', '-m', 'echo two >>a')
    expect(s.read('a', s.worktree(id))).toBe('file\nstdin\none\ntwo\n')
    expect(s.subjects(`main..${s.branch(id)}`)).toEqual([
      'amp: echo x >>a',
      'amp: echo x >>a',
      'amp: echo file >a',
      'amp: echo stdin >>a',
      'amp: echo one >>a',
    ])
  })

  it('records "no change" when the files are the same, also when they were changed and changed back', async () => {
    const s = scene()
    const id = await s.session('a')
    const first = await s.amp('iterate', id)
    expect(first).toMatchObject({ code: 0, stdout: 'iteration 1: no change\n' })
    const second = await s.iterate(
      id,
      'cp README.md keep; echo x >README.md; git commit -qam x; cp keep README.md; rm keep; git commit -qam back',
    )
    expect(second).toMatchObject({ code: 0, stdout: 'iteration 2: no change\n' })
    expect(s.git('rev-parse', s.branch(id))).toBe(s.git('rev-parse', 'main'))
    expect(s.status(id)).toBe('')
    expect(s.snapshot(id).last?.outcome).toBe('no-change')
    expect((await s.show(id)).iterations[1]?.commits).toHaveLength(2)
  })

  it('keeps what a failing agent did, and does not run the tests on it', async () => {
    const s = scene()
    const id = await s.session('a', { args: ['--test', 'touch tested'] })
    const answer = await s.iterate(id, 'echo 1 >a; echo "cannot go on" >&2; exit 3')
    expect(answer.code).toBe(1)
    expect(plain(answer.stdout, s.root)).toMatchInlineSnapshot(`
      "iteration 1: <oid12> 1 file +1 -0, failed
      "
    `)
    expect(plain(answer.stderr, s.root)).toMatchInlineSnapshot(`
      "Iteration 1 of a: shell is working...
      error: the agent failed: exit code 3: cannot go on
      "
    `)
    expect(s.subjects(`main..${s.branch(id)}`)).toEqual(['amp: echo 1 >a; echo "cannot go on" >&2; exit 3 (failed)'])
    expect(s.snapshot(id)).toMatchObject({ status: 'failed', last: { outcome: 'failed' } })
    expect(s.status(id)).toBe('')
    const killed = await s.iterate(id, 'echo 2 >b; kill -9 $$')
    expect(killed.code).toBe(1)
    expect(killed.stderr).toContain('SIGKILL')
    expect(s.subjects(`main..${s.branch(id)}`)).toHaveLength(2)
  })

  it('names what is installed when the agent is missing', async () => {
    const s = scene()
    s.env.PATH = '/usr/bin:/bin'
    s.program('codex', '')
    await s.amp('new', 'a', '-m', 'x', '-q')
    const answer = await s.amp('iterate', 'a')
    expect(answer).toMatchInlineSnapshot(`
      {
        "code": 128,
        "stderr": "fatal: the agent 'amp' is not installed (no 'amp' on PATH)
      hint: Installed here: codex, shell (built in).
      hint: Choose another agent with '--agent codex', or for good with 'git config amp.agent codex'.
      hint: To get it: install Amp as https://ampcode.com/manual describes, then run 'amp login' once.
      ",
        "stdout": "",
      }
    `)
    expect(s.events((await s.show('a')).session.id)).toEqual(['session.created'])
    expect((await s.amp('iterate', 'a', '--agent', 'none')).stderr).toContain("fatal: unknown agent 'none'")
  })

  it('stops at --timeout, and keeps the work', async () => {
    const s = scene()
    const id = await s.session('a')
    const answer = await s.iterate(id, 'echo 1 >a; sleep 600', '--timeout', '1s')
    expect(answer.code).toBe(1)
    expect(answer.stderr).toMatch(/error: the agent failed: .*1 ?s/)
    expect(s.subjects(`main..${s.branch(id)}`)).toHaveLength(1)
    expect((await s.iterate(id, 'true', '--timeout', 'soon')).code).toBe(129)
  })

  it('ends with 130 when it is stopped, and keeps the work', async () => {
    const s = scene()
    const id = await s.session('a')
    const stop = new AbortController()
    const running = s.ampWith(
      { signal: stop.signal },
      'iterate',
      id,
      '-m',
      'echo 1 >a; echo ready; while :; do sleep 0.1; done',
    )
    await s.until(() => s.exists('a', s.worktree(id)))
    stop.abort()
    expect((await running).code).toBe(130)
    expect(s.subjects(`main..${s.branch(id)}`)).toEqual([expect.stringMatching(/^amp: .* \(interrupted\)$/)])
    expect(s.snapshot(id)).toMatchObject({ open: [], last: { outcome: 'interrupted' } })
    expect((await s.amp('list')).stdout).toContain('interrupted')
    expect((await s.iterate(id, 'echo 2 >a')).code).toBe(0)
    expect((await s.amp('list')).stdout).toContain('idle')
  })

  describe('edits found in the worktree', () => {
    it('become a commit of the human first, and stay the human’s when an agent amends them', async () => {
      const s = scene()
      const id = await s.session('a')
      s.write({ 'mine.txt': 'mine\n', 'README.md': '# Mine\n' }, s.worktree(id))
      s.gitAt(s.worktree(id), 'add', 'README.md')
      const answer = await s.iterate(id, 'echo 1 >a; git add a; git commit -q --amend -m "All mine"')
      expect(plain(answer.stderr, s.root)).toMatchInlineSnapshot(`
        "Committed the changes found in the worktree as your own: <oid12>
        Iteration 1 of a: shell is working...
        "
      `)
      const branch = s.branch(id)
      expect(
        s.git(
          'log',
          '--reverse',
          '--format=%s|%an|%(trailers:key=Amp-Session,valueonly,separator=)',
          `main..${branch}`,
        ),
      ).toBe(
        `Manual changes before iteration 1|A U Thor|\namp: echo 1 >a; git add a; git commit -q --amend -m "All mine"|A U Thor|${id}`,
      )
      expect(s.git('diff', '--name-only', 'main', `${branch}~1`)).toBe('README.md\nmine.txt')
      expect(s.git('diff', '--name-only', `${branch}~1`, branch)).toBe('a')
      expect(s.status(id)).toBe('')
      expect(s.events(id)).toEqual(['session.created', 'head.moved', 'iteration.started', 'iteration.finished'])
    })

    it('are left alone with --manual=refuse', async () => {
      const s = scene()
      const id = await s.session('a')
      s.write({ 'mine.txt': 'mine\n' }, s.worktree(id))
      const refs = s.refs()
      const answer = await s.iterate(id, 'echo 1 >a', '--manual', 'refuse')
      expect(plain(answer.stderr, s.root)).toMatchInlineSnapshot(`
        "fatal: the worktree of session a has uncommitted changes
        hint: Commit them there: $ROOT/repo/.worktrees/<id>
        hint: Or leave --manual=refuse out, and they are committed as your own.
        "
      `)
      expect(answer.code).toBe(128)
      expect(s.refs()).toBe(refs)
      expect(s.status(id)).toBe('?? mine.txt')
      expect((await s.iterate(id, 'true', '--manual', 'maybe')).code).toBe(129)
    })
  })

  describe('the test command', () => {
    it('runs after the agent and is recorded for that tree', async () => {
      const s = scene()
      const id = await s.session('a', { args: ['--test', 'echo "looking at a"; grep -q world a'] })
      const failing = await s.iterate(id, 'echo hello >a')
      expect(failing.code).toBe(1)
      expect(plain(failing.stdout, s.root)).toBe('iteration 1: <oid12> 1 file +1 -0, tests fail\n')
      expect(plain(failing.stderr, s.root)).toMatchInlineSnapshot(`
        "Iteration 1 of a: shell is working...
        Testing: echo "looking at a"; grep -q world a
        error: the tests fail: echo "looking at a"; grep -q world a
        hint: "git amp show <short> --iteration 1" shows what they printed.
        "
      `)
      const passing = await s.iterate(id, 'echo world >a')
      expect(passing.code).toBe(0)
      const { iterations } = await s.show(id)
      expect(iterations.map((one) => [one.outcome, one.tests.exit, one.tests.output])).toEqual([
        ['success', 1, 'looking at a'],
        ['success', 0, 'looking at a'],
      ])
      expect(s.snapshot(id).tested).toMatchObject({ tree: s.git('rev-parse', `${s.branch(id)}^{tree}`), exit: 0 })
      expect(s.git('log', '--notes=amp', '--format=%N', '-2', s.branch(id)).replace(/\n+/g, '\n').trim()).toBe(
        `Session ${id} (a), iteration 2 by shell, tests pass: echo world >a\nSession ${id} (a), iteration 1 by shell, tests fail: echo hello >a`,
      )
    })

    it('fails when a signal ends it, and leaves no process behind', async () => {
      const s = scene()
      const id = await s.session('a', { args: ['--test', `sleep 987 & echo $! >${s.root}/pid; kill -9 $$`] })
      const answer = await s.iterate(id, 'echo 1 >a')
      expect(answer.code).toBe(1)
      expect(answer.stdout).toContain('tests fail')
      const { tests } = (await s.show(id)).iterations[0] ?? {}
      expect([tests.exit, tests.signal]).toEqual([null, 'SIGKILL'])
      expect(await realProcesses().startTime(Number(s.read('pid', s.root)))).toBeNull()
    })

    it('is not run again on a tree that was tested', async () => {
      const s = scene()
      const id = await s.session('a', { args: ['--test', `echo >>${s.root}/count`] })
      await s.iterate(id, 'echo 1 >a')
      const again = await s.iterate(id, 'true')
      expect(again).toMatchObject({ code: 0, stdout: 'iteration 2: no change, tests pass as before\n' })
      expect(s.read('count', s.root)).toBe('\n')
    })
  })

  it('runs the agent with the session in its environment, no terminal, and without the variables of git', async () => {
    const s = scene()
    s.env.GIT_AUTHOR_NAME = 'Somebody'
    const id = await s.session('a')
    await s.iterate(
      id,
      'env | grep -E "^(GIT_DIR|GIT_WORK_TREE|GIT_INDEX_FILE|GIT_AMP|PWD)" | sort >env; [ -t 0 ] && echo terminal >>env; cat >>env',
    )
    const text = s.git('show', `${s.branch(id)}:env`)
    expect(text.replace(/(ITERATION|PROMPT_FILE)=.*/g, '$1=')).toBe(
      `GIT_AMP_ITERATION=\nGIT_AMP_PROMPT_FILE=\nGIT_AMP_SESSION=${id}\nPWD=${s.worktree(id)}`,
    )
    expect(s.git('log', '-1', '--format=%an', s.branch(id))).toBe('Somebody')
    // And by a setting of its own.
    delete s.env.GIT_AUTHOR_NAME
    s.git('config', 'author.name', 'Else')
    await s.iterate(id, 'date +%N >env')
    expect(s.git('log', '-1', '--format=%an, %cn', s.branch(id))).toBe('Else, A U Thor')
  })

  it('adds a co-author with amp.coAuthor, and another prefix with amp.commitPrefix', async () => {
    const s = scene()
    s.git('config', 'amp.coAuthor', 'Amp <amp@example.com>')
    s.git('config', 'amp.commitPrefix', 'agent:')
    const id = await s.session('a')
    await s.iterate(id, 'echo 1 >a')
    expect(s.git('log', '-1', '--format=%B', s.branch(id))).toMatch(
      /^agent: echo 1 >a\n\nAmp-Session: .*\nAmp-Iteration: .*\nCo-authored-by: Amp <amp@example\.com>\n/,
    )
  })

  it('continues the thread of amp, and tells a new one the goal', async () => {
    const s = scene()
    s.program(
      'amp',
      `
case " $* " in *" --help "*) echo "--dangerously-allow-all"; exit 0;; esac
{ printf '%s|' "$@"; echo; cat; echo; echo --; } >>${s.root}/calls
echo work >>file
printf '{"type":"system","session_id":"T-01234567-89ab"}\\n'
printf '{"type":"assistant","session_id":"T-01234567-89ab","message":{"content":[{"type":"text","text":"Done."}],"usage":{"input_tokens":10,"output_tokens":5,"cache_read_input_tokens":2,"cache_creation_input_tokens":1}}}\\n'
printf '{"type":"result","subtype":"success","is_error":false,"result":"I wrote the file.","session_id":"T-01234567-89ab"}\\n'`,
    )
    await s.amp('new', 'a', '-m', 'Write the file', '-q')
    expect((await s.amp('iterate', 'a')).code).toBe(0)
    expect((await s.amp('iterate', 'a', '-m', 'More')).code).toBe(0)
    expect((await s.amp('iterate', 'a')).code).toBe(0)
    expect(s.read('calls', s.root)).toMatchInlineSnapshot(`
      "-x|--stream-json|--dangerously-allow-all|
      Write the file
      --
      threads|continue|T-01234567-89ab|-x|--stream-json|--dangerously-allow-all|
      More
      --
      threads|continue|T-01234567-89ab|-x|--stream-json|--dangerously-allow-all|
      Go on with the task.
      --
      "
    `)
    const { session } = await s.show('a')
    expect(session).toMatchObject({
      thread: { agent: 'amp', id: 'T-01234567-89ab' },
      usage: { input: 30, output: 15, cacheRead: 6, cacheWrite: 3 },
    })
    expect(s.subjects(`main..${session.branch}`)).toEqual([
      'amp: Write the file',
      'amp: More',
      'amp: I wrote the file.',
    ])
    s.program(
      'amp',
      `printf '{"type":"result","is_error":true,"error":"out of credits","session_id":"T-1"}\\n'; exit 0`,
    )
    const failed = await s.amp('iterate', 'a')
    expect(failed.code).toBe(1)
    expect(failed.stderr).toContain('out of credits')
  })

  it('refuses while the session runs here', async () => {
    const s = scene()
    const id = await s.session('a')
    const stop = new AbortController()
    const running = s.ampWith({ signal: stop.signal }, 'iterate', id, '-m', 'touch ready; while :; do sleep 0.1; done')
    await s.until(() => s.exists('ready', s.worktree(id)))
    for (const command of ['iterate', 'squash', 'rebase', 'merge', 'test']) {
      const answer = await s.amp(command, id)
      expect([command, answer.code]).toEqual([command, 128])
      expect(plain(answer.stderr, s.root).replace(/\d+\)/, '<pid>)')).toContain(
        'fatal: iteration 1 of session a is running (process <pid>)\n',
      )
    }
    expect((await s.amp('list')).stdout).toContain('running')
    stop.abort()
    await running
  })

  it('refuses while it runs on another machine, or in a container, that shares the repository', async () => {
    const s = scene()
    const id = await s.session('a')
    const stop = new AbortController()
    const running = s.ampWith({ signal: stop.signal }, 'iterate', id, '-m', 'touch ready; while :; do sleep 0.1; done')
    await s.until(() => s.exists('ready', s.worktree(id)))
    const other = { hostname: 'other', bootId: async () => 'other-boot' }
    const elsewhere = await s.ampWith({ host: other }, 'iterate', id, '-m', 'true')
    stop.abort()
    await running
    expect(elsewhere.code).toBe(128)
    expect(plain(elsewhere.stderr, s.root)).toMatch(
      /^fatal: iteration 1 of session a began on test-host at .* and has not ended\nhint: .*-f/,
    )
  })

  it('goes on with -f although an iteration has not ended on another machine', async () => {
    const s = scene()
    const id = await s.session('a')
    const stopped = new AbortController()
    const dying = s.ampWith(
      { host: { hostname: 'laptop' }, signal: stopped.signal },
      'iterate',
      id,
      '-m',
      'touch ready; exec sleep 600',
    )
    await s.until(() => s.exists('ready', s.worktree(id)))
    const open = s.git('rev-parse', `refs/amp/sessions/${id}`)
    stopped.abort()
    await dying
    s.git('update-ref', `refs/amp/sessions/${id}`, open)
    s.gitAt(s.worktree(id), 'reset', '-q', '--hard', 'main')
    expect((await s.amp('iterate', id)).code).toBe(128)
    expect((await s.iterate(id, 'echo 1 >a', '-f')).code).toBe(0)
    expect(s.subjects(`main..${s.branch(id)}`)).toEqual(['amp: echo 1 >a'])
  })
})
