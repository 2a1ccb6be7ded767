import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { plain } from '../helpers/run.js'
import { scene } from '../helpers/scene.js'

describe('--until-pass', () => {
  const counting = 'echo x >>n'
  const test = 'test $(wc -l <n) -ge 3 || { echo "error: too few lines"; exit 1; }'

  it('iterates until the tests pass', async () => {
    const s = scene()
    const id = await s.session('u', { prompt: counting, args: ['--test', test] })
    const answer = await s.amp('iterate', id, '--until-pass')
    expect([answer.code, plain(answer.stdout, s.root)]).toEqual([
      0,
      'iteration 1: <oid12> 1 file +1 -0, tests fail\n' +
        'iteration 2: <oid12> 1 file +1 -0, tests fail\n' +
        'iteration 3: <oid12> 1 file +1 -0, tests pass\n',
    ])
  })

  it('gives up at the limit, and when nothing changes any more', async () => {
    const s = scene()
    const id = await s.session('u', { prompt: counting, args: ['--test', test] })
    const limited = await s.amp('iterate', id, '--until-pass', '--max-iterations', '2')
    expect([limited.code, limited.stderr]).toEqual([
      1,
      expect.stringContaining('the tests still fail after 2 iterations'),
    ])
    const stuck = await s.amp('iterate', id, '--until-pass', '-m', 'true', '--json')
    expect(stuck).toMatchObject({ code: 1, stderr: expect.stringContaining('the agent changes nothing any more') })
    expect(JSON.parse(stuck.stdout)).toMatchObject({
      schema: 'git-amp/iterations@1',
      sessions: [
        {
          session: { worktree: s.worktree(id) },
          end: 'stuck',
          rounds: [3, 4].map((n) => ({
            session: { worktree: s.worktree(id), iterations: n },
            iteration: { n, endedAt: expect.any(String), durationMs: expect.any(Number) },
          })),
        },
      ],
    })
  })

  it('ends when the agent fails', async () => {
    const s = scene()
    const id = await s.session('u', { prompt: 'exit 9', args: ['--test', 'false'] })
    expect((await s.amp('iterate', id, '--until-pass')).code).toBe(1)
    expect(s.snapshot(id).iterations).toBe(1)
  })

  it('gives a conversation what the tests printed', async () => {
    const s = scene()
    s.program(
      'amp',
      `[ "$1" = --help ] && { echo --no-archive-after-execute; exit; }
      cat >>"${s.root}/prompts"; echo ----- >>"${s.root}/prompts"; echo "$@" >>"${s.root}/calls"; echo x >>n
      echo '{"type":"system","subtype":"init","session_id":"T-00000000-0001"}'
      echo '{"type":"result","subtype":"success","is_error":false,"result":"Tried."}'`,
    )
    const id = (await s.amp('new', '-q', '-m', 'Write three lines', '--agent', 'amp', '--test', test)).stdout.trim()
    expect(await s.amp('iterate', id, '--until-pass')).toMatchObject({ code: 0 })
    const prompts = s.read('../prompts').split('-----\n')
    expect(prompts[0]?.trim()).toBe('Write three lines')
    expect(prompts[1]).toContain('error: too few lines')
    expect(s.read('../calls').trim().split('\n')[1]).toContain('threads continue T-00000000-0001')
  })

  it('needs a test command', async () => {
    const s = scene()
    const id = await s.session('u')
    expect(await s.amp('iterate', id, '--until-pass')).toMatchObject({
      code: 128,
      stderr: expect.stringContaining('fatal: session u has no test command'),
    })
    expect((await s.amp('iterate', id, '--max-iterations', '2')).code).toBe(129)
    expect((await s.amp('iterate', id, '--until-pass', '--max-iterations', '0')).code).toBe(129)
  })
})

describe('several sessions', () => {
  it('are iterated side by side; one that fails does not stop the others', async () => {
    const s = scene()
    const ids = [
      await s.session('a', { prompt: 'echo 1 >a' }),
      await s.session('b', { prompt: 'exit 3' }),
      await s.session('c', { prompt: 'echo 3 >c' }),
    ]
    const answer = await s.amp('iterate', '--all', '-j', '3')
    expect([answer.code, plain(answer.stdout, s.root).replace(/^\w{4} /gm, '')]).toEqual([
      1,
      'a: iteration 1: <oid12> 1 file +1 -0\nb: iteration 1: failed\nc: iteration 1: <oid12> 1 file +1 -0\n',
    ])
    expect(answer.stderr).toMatch(
      /error: \w{4} b: the agent failed: exit code 3\nerror: 1 of 3 sessions did not succeed\n$/,
    )
    expect(ids.map((id) => s.snapshot(id).iterations)).toEqual([1, 1, 1])
  })

  it('really run at once, and no more than -j', async () => {
    const s = scene()
    // Each waits for the other.
    const meet = (me: string, other: string) =>
      `touch ${s.root}/${me}; until [ -e ${s.root}/${other} ]; do sleep 0.02; done`
    const a = await s.session('a', { prompt: meet('x', 'y') })
    const b = await s.session('b', { prompt: meet('y', 'x') })
    expect((await s.amp('iterate', a, b, '-j', '2')).code).toBe(0)
    const alone = `test ! -e ${s.root}/one || exit 7; touch ${s.root}/one; sleep 0.2; rm ${s.root}/one`
    expect((await s.amp('iterate', a, b, '-j', '1', '-m', alone)).code).toBe(0)
  })

  it('a session that cannot begin is an error of its own', async () => {
    const s = scene()
    const a = await s.session('a', { prompt: 'echo 1 >a' })
    const b = await s.session('b')
    s.gitAt(s.worktree(b), 'checkout', '-q', '--detach')
    const answer = await s.amp('iterate', a, b, '--json')
    expect(answer.code).toBe(1)
    expect(answer.stderr).toMatch(/error: \w{4} b: the worktree of session b is on a detached HEAD/)
    expect(JSON.parse(answer.stdout).sessions).toMatchObject([
      { session: { id: a }, rounds: [{ iteration: { n: 1 } }] },
      { session: { id: b }, rounds: [] },
    ])
  })

  it('none is open: says so', async () => {
    expect(await scene().amp('iterate', '--all')).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('hint: There is no open session'),
    })
  })
})

describe('a thread that works in the directory it began in', () => {
  it('is not continued in another clone', async () => {
    const s = scene()
    // As the JavaScript versions of Amp: no flag against archiving, and the thread's own directory.
    s.program(
      'amp',
      `[ "$1" = --help ] && { echo --dangerously-allow-all; exit; }
      echo "$@" >>"${s.root}/calls"; cat >>"${s.root}/prompts"; echo x >>n
      echo '{"type":"system","subtype":"init","session_id":"T-00000000-0001"}'
      echo '{"type":"result","subtype":"success","is_error":false,"result":"I wrote a line."}'`,
    )
    const id = (await s.amp('new', '-q', '-m', 'Write lines', '--agent', 'amp')).stdout.trim()
    await s.amp('iterate', id)
    expect((await s.amp('iterate', id, '-m', 'Here')).stderr).not.toContain('thread')
    const clone = join(s.root, 'clone')
    s.gitAt(s.root, 'clone', '-q', s.dir, clone)
    s.gitAt(clone, 'fetch', '-q', 'origin', 'refs/amp/*:refs/amp/*')
    const there = await s.ampAt(clone, 'iterate', id, '-m', 'There')
    expect([there.code, there.stderr]).toEqual([
      0,
      expect.stringContaining('its thread works in the directory it began in'),
    ])
    const calls = s.read('../calls').trim().split('\n')
    expect(calls.map((call) => call.includes('continue'))).toEqual([false, true, false])
    expect((await s.ampAt(clone, 'log', id)).stdout).toContain('There [')
  })
})

describe('a thread that is gone', () => {
  it('is replaced by a new one that is told the goal and what happened so far', async () => {
    const s = scene()
    s.program(
      'amp',
      `[ "$1" = --help ] && { echo --no-archive-after-execute; exit; }
      cat >>"${s.root}/prompts"; echo ----- >>"${s.root}/prompts"
      case "$*" in *continue*) echo "Error: Thread not found" >&2; exit 1;; esac
      echo x >>n
      echo '{"type":"system","subtype":"init","session_id":"T-00000000-0001"}'
      echo '{"type":"result","subtype":"success","is_error":false,"result":"I wrote a line."}'`,
    )
    const id = (await s.amp('new', '-q', '-m', 'Write lines', '--agent', 'amp')).stdout.trim()
    expect(await s.amp('iterate', id)).toMatchObject({ code: 0 })
    const answer = await s.amp('iterate', id, '-m', 'One more')
    expect([answer.code, answer.stderr]).toEqual([0, expect.stringContaining('its thread is gone')])
    expect(answer.stderr.match(/thread/gi)).toHaveLength(2)
    expect((await s.amp('show', id, '--iteration', '2')).stdout).toContain(
      'Note: the agent could not go on in its thread',
    )
    const [, second, third] = s.read('../prompts').split('-----\n')
    expect(second?.trim()).toBe('One more')
    for (const part of ['Write lines', 'Iteration 1', 'I wrote a line.', 'Now do this:\n\nOne more'])
      expect(third).toContain(part)
    expect(s.snapshot(id).iterations).toBe(2)
  })
})
