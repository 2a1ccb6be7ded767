import { describe, expect, it } from 'vitest'
import { plain } from '../helpers/run.js'
import { type Scene, scene } from '../helpers/scene.js'

const init = { type: 'system', subtype: 'init', session_id: 'T-00000000-0001' }
const result = { type: 'result', subtype: 'success', is_error: false, result: 'Done.' }
const failure = { type: 'result', subtype: 'error', is_error: true, error: 'HTTP 500: it broke' }
const blocks = (...content: object[]) => ({ type: 'assistant', message: { content } })
const said = (text: string) => blocks({ type: 'text', text })
const call = (id: string, name: string, input: object) => blocks({ type: 'tool_use', id, name, input })
const gave = (id: string, content: string, is_error = false) => ({
  type: 'user',
  message: { content: [{ type: 'tool_result', tool_use_id: id, content, is_error }] },
})

/** A session whose agent speaks as Amp does: these events, and these lines of a script before. */
async function speaking(events: object[], script = ''): Promise<{ s: Scene; id: string }> {
  const s = scene()
  s.write({ '../said': events.map((event) => `${JSON.stringify(event)}\n`).join('') })
  s.program('amp', `[ "$1" = --help ] && exit; cat >/dev/null\n${script}\ncat "${s.root}/said"`)
  const id = (await s.amp('new', 'told', '-q', '-m', 'Do it', '--agent', 'amp')).stdout.trim()
  return { s, id }
}

describe('what iterate tells of its agent', () => {
  const work = [
    init,
    blocks({ type: 'thinking', thinking: 'Hm.' }),
    call('1', 'Bash', { cmd: 'seq 1 20' }),
    gave('1', Array.from({ length: 20 }, (_, at) => `${at + 1}`).join('\n')),
    call('2', 'Bash', { cmd: 'false' }),
    gave('2', 'no\nluck', true),
    said('First line.\nSecond line.'),
    result,
  ]

  it('is calm', async () => {
    const { s, id } = await speaking(work)
    const { stderr } = await s.amp('iterate', id)
    expect(plain(stderr, s.root)).toMatchInlineSnapshot(`
      "Iteration 1 of told: amp is working...
        Bash seq 1 20
        Bash false
        First line. Second line.
      "
    `)
  })

  it('with -v is all that its tools print, as far as it can be read', async () => {
    const { s, id } = await speaking(work)
    const { stderr } = await s.amp('iterate', id, '-v')
    expect(plain(stderr, s.root)).toMatchInlineSnapshot(`
      "Iteration 1 of told: amp is working...
        thinking: Hm.
        Bash seq 1 20
          1
          2
          3
          4
          5
          6
          7
          8
          [... 8 lines]
          17
          18
          19
          20
        Bash false
        Bash failed:
          no
          luck
        First line.
        Second line.
      "
    `)
  })

  it('a failure is told once, and a fault that it went on after when it happened', async () => {
    const { s, id } = await speaking([init, { ...failure, error: 'HTTP 429: slow down' }, said('Again.'), failure])
    const { stderr } = await s.amp('iterate', id)
    expect(plain(stderr, s.root)).toMatchInlineSnapshot(`
      "Iteration 1 of told: amp is working...
        error: HTTP 429: slow down
        Again.
      error: the agent failed: HTTP 500: it broke
      "
    `)
  })

  it('holds no secret, with -v neither', async () => {
    const secret = 'hunter2-hunter2-hunter2'
    const { s, id } = await speaking([
      init,
      call('1', 'Bash', { cmd: `login ${secret}` }),
      gave('1', `welcome ${secret}`),
      said(`I know ${secret}.`),
      { ...failure, error: `cannot use ${secret}` },
    ])
    s.env.MY_PASSWORD = secret
    for (const args of [[], ['-v'], ['--json']]) {
      const { stdout, stderr } = await s.amp('iterate', id, '-m', 'Go', ...args)
      expect(stderr).toContain('the agent failed: cannot use')
      expect(`${stdout}${stderr}`).not.toContain(secret)
    }
  })
})

describe('what --json tells', () => {
  it('of a session that cannot begin: why', async () => {
    const s = scene()
    const [a, b] = [await s.session('a', { prompt: 'echo 1 >a' }), await s.session('b')]
    s.gitAt(s.worktree(b), 'checkout', '-q', '--detach')
    const answer = await s.amp('iterate', a, b, '--json')
    expect(JSON.parse(answer.stdout).sessions).toMatchObject([
      { session: { id: a, state: 'idle' }, error: null, rounds: [{ iteration: { n: 1 } }] },
      {
        session: { id: b },
        error: { kind: 'fatal', message: `the worktree of session b is on a detached HEAD, not on ${s.branch(b)}` },
        rounds: [],
        end: null,
      },
    ])
  })

  it('of a failure whose work was kept, of the next run that commits it, and of the user’s own', async () => {
    const { s, id } = await speaking([init, failure], 'echo 1 >>a')
    s.git('config', 'amp.onFailure', 'keep')
    const first = JSON.parse((await s.amp('iterate', id, '--json')).stdout)
    expect(first).toMatchObject({
      schema: 'git-amp/iteration@1',
      session: { id, state: 'failed' },
      iteration: { n: 1, outcome: 'failed', reason: 'HTTP 500: it broke', to: null, files: 1, remarks: { kept: true } },
      tests: null,
      manual: null,
      kept: null,
    })
    s.write({ mine: '1\n' }, s.worktree(id))
    const second = JSON.parse((await s.amp('iterate', id, '--json')).stdout)
    expect(second).toMatchObject({
      iteration: { n: 2, remarks: { kept: true } },
      kept: { n: 1, oid: s.git('rev-parse', `${s.branch(id)}~1`) },
      manual: s.git('rev-parse', s.branch(id)),
    })
    expect(second.iteration.remarks.keptAs).toBe(s.snapshot(id).kept?.commit)
    // Both commits are told in one step: its events keep their order.
    const steps = s.git('log', '--first-parent', '--format=%B%x00', `refs/amp/sessions/${id}`).split('\0')
    const ids = steps.map((step) =>
      [...step.matchAll(/^Amp-Event: (.*)$/gm)].map(([, json]) => JSON.parse(json ?? '').id),
    )
    expect(ids.filter((step) => step.length > 1)).toHaveLength(1)
    for (const step of ids) expect(step).toEqual([...step].sort())
  })

  it('of a timeout, and of a login that it waits for', async () => {
    const { s, id } = await speaking([init], 'echo 1 >>a; sleep 60')
    const timed = JSON.parse((await s.amp('iterate', id, '--json', '--timeout', '500ms')).stdout)
    expect(timed).toMatchObject({
      session: { state: 'failed' },
      iteration: { outcome: 'failed', reason: 'timed out after 500 ms', waiting: null, files: 1 },
    })
    s.program('amp', '[ "$1" = --help ] && exit; cat >/dev/null; echo "No API key found." ')
    const waits = JSON.parse((await s.amp('iterate', id, '--json')).stdout)
    expect(waits).toMatchObject({
      session: { state: 'waiting' },
      iteration: { outcome: 'failed', waiting: 'login', reason: expect.stringContaining("run 'amp login' once") },
    })
  })

  it('of each round until the tests pass', async () => {
    const s = scene()
    const id = await s.session('x', { prompt: 'echo 1 >>a', args: ['--test', 'test "$(wc -l <a)" -ge 2'] })
    const { stdout } = await s.amp('iterate', id, '--until-pass', '--json')
    expect(JSON.parse(stdout)).toMatchObject({
      schema: 'git-amp/iterations@1',
      sessions: [
        {
          session: { id, state: 'idle', tested: { exit: 0 } },
          end: 'pass',
          error: null,
          rounds: [
            { iteration: { n: 1, tests: { exit: 1 } }, tests: { exit: 1 } },
            { iteration: { n: 2, tests: { exit: 0 } }, tests: { exit: 0 } },
          ],
        },
      ],
    })
  })
})

describe('a session that waits', () => {
  it('names the next step in list and show', async () => {
    const { s, id } = await speaking([], 'echo "No API key found."')
    expect((await s.amp('iterate', id)).code).toBe(1)
    const step = "amp wants a login: run 'amp login' once, or set AMP_API_KEY"
    expect((await s.amp('list')).stderr).toBe(
      `hint: ${id.slice(0, 4)}: ${step}; then "git amp iterate ${id.slice(0, 4)}" goes on\n`,
    )
    expect((await s.amp('show', id)).stdout).toContain(`waiting for a login: ${step}; then "git amp iterate" goes on`)
  })
})

describe('the transcript', () => {
  it('shows noise on stderr once and its beginning, and all of it with --tools', async () => {
    const noise = ['echo "Falling back." >&2', 'i=0; while [ $i -lt 9 ]; do i=$((i+1)); echo "  at $i" >&2; done']
    const { s, id } = await speaking([init, said('Hello.'), result], noise.join('\n'))
    await s.amp('iterate', id)
    await s.amp('iterate', id)
    const { stdout } = await s.amp('transcript', id)
    expect(stdout.match(/^stderr:.*/gm)).toEqual([
      'stderr: Falling back.',
      'stderr:   at 1',
      'stderr:   at 2',
      'stderr:   at 3',
      'stderr:   at 4',
      'stderr: [... 5 lines; --tools shows all]',
    ])
    expect((await s.amp('transcript', id, '--tools')).stdout.match(/^stderr:.*/gm)).toHaveLength(20)
  })

  it('names files below the worktree as the session does', async () => {
    const { s, id } = await speaking([], 'true')
    s.write({
      '../said': [init, call('1', 'edit_file', { path: `${s.worktree(id)}/a/b` }), result]
        .map((event) => `${JSON.stringify(event)}\n`)
        .join(''),
    })
    await s.amp('iterate', id)
    expect((await s.amp('transcript', id)).stdout).toContain('\n  edit_file a/b\n')
  })
})
