import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { BatchStartCommand } from '../../src/commands/batch/start.js'
import { startAmp, thisMachine } from '../helpers/bundle.js'
import { Clones } from '../helpers/clones.js'
import { fleet, itemsOf, politeAgent, started } from '../helpers/fleet.js'
import { plain } from '../helpers/run.js'

const shell = { agent: 'shell' }
const statuses = (items: readonly { status: string }[]) => items.map(({ status }) => status)

describe('git amp batch start', () => {
  it('runs every item in its repository, merges what passes, and says what failed and how to look', async () => {
    const s = fleet('api', 'web')
    const { answer, items } = await started(s, {
      runId: 'nightly',
      defaults: { ...shell, scriptCommand: 'test -f out', maxIterations: 2, mergeOnPass: true },
      matrix: [
        { repo: '../api', prompt: 'echo hi >out' },
        { repo: '../web', prompt: 'echo no >other', name: 'a miss' },
      ],
    })
    expect(answer.code).toBe(1)
    expect(answer.stdout).toMatch(/^[0-9a-z]{12}\n$/)
    expect(statuses(items)).toEqual(['success', 'fail'])
    expect(items.map(({ merged, tests, reason }) => [merged, tests, reason])).toEqual([
      [true, 0, null],
      [false, 1, 'the tests fail (exit code 1)'],
    ])
    expect(s.gitAt(join(s.root, 'api'), 'show', 'main:out')).toBe('hi')
    const short = items[1]?.session.slice(0, 4)
    expect(answer.stderr).toContain('error: web: a miss: fail, the tests fail (exit code 1)')
    expect(answer.stderr).toContain(`hint: "git -C ${join(s.root, 'web')} amp show ${short}" shows it.`)
    const shown = await s.ampAt(join(s.root, 'web'), 'show', short ?? '')
    expect(shown.stdout).toContain('a miss')
    expect(s.gitAt(join(s.root, 'api'), 'for-each-ref', 'refs/amp/batches')).toBe('')
  })

  it('tells everything that is wrong with a plan at once, with its place, and starts nothing', async () => {
    const s = fleet('api')
    s.write({
      'plan.yaml': [
        'concurency: 4',
        'defaults: { agnt: shell, maxIterations: two }',
        'matrix:',
        '  - repo: ../appi',
        '    prompt: echo hi',
        '  - repo: ../api',
        '    baseBranch: mian',
        '    prompt: 12',
        '  - repo: ../api',
        '    promptFile: nix.md',
        '    agent: shel',
      ].join('\n'),
    })
    const before = s.refs()
    const answer = await s.amp('batch', 'start', '--file', 'plan.yaml')
    expect([answer.code, answer.stdout]).toEqual([128, ''])
    expect(answer.stderr).toMatchInlineSnapshot(`
      "plan.yaml:1:1: unknown key 'concurency' in the plan
      hint: Did you mean 'concurrency'?
      plan.yaml:2:13: unknown key 'agnt' in defaults
      hint: Did you mean 'agent'?
      plan.yaml:2:41: maxIterations must be a whole number from 1 on
      plan.yaml:4:11: there is no directory '../appi'
      hint: Did you mean 'api'?
      plan.yaml:6:11: the agent 'amp' is not installed (no 'amp' on PATH)
      hint: Installed here: shell (built in).
      plan.yaml:7:17: 'mian' is no branch or commit of '../api'
      hint: Did you mean 'main'?
      plan.yaml:8:13: prompt must be a text
      hint: Put it in quotes: "12"
      plan.yaml:10:17: cannot read 'nix.md': no such file or directory
      plan.yaml:11:12: unknown agent 'shel'
      hint: Did you mean 'shell'?
      fatal: the plan has 9 problems; nothing was started
      "
    `)
    expect(s.refs()).toBe(before)
    const broken = await s.ampWith({ stdin: '{"matrix": [{"repo": "a"' }, 'batch', 'start', '--file', '-')
    expect(broken.stderr).toMatch(/^<stdin>:1:\d+: /)
  })

  it('prints the expanded plan with -n and changes nothing', async () => {
    const s = fleet('api', 'web')
    s.write({
      'plan.yaml':
        'repos: [../api, ../web]\nprompts: ["true", {name: two, prompt: "date"}]\nagents: [shell]\nattempts: 2\n',
    })
    const before = s.refs()
    const answer = await s.amp('batch', 'start', '--file', 'plan.yaml', '-n', '--json')
    expect(answer.code).toBe(0)
    const { plan } = JSON.parse(answer.stdout)
    expect(plan.items.map(({ repo, prompt, attempt }: Record<string, string>) => [repo, prompt, attempt])).toEqual(
      ['true', 'date'].flatMap((prompt) =>
        ['api', 'web'].flatMap((name) => [1, 2].map((attempt) => [join(s.root, name), prompt, attempt])),
      ),
    )
    expect(s.refs()).toBe(before)
    expect(s.exists('.git/amp/clone', join(s.root, 'api'))).toBe(false)
  })

  it('does only what is missing when the same plan is started again, and takes over what another run has', async () => {
    const s = fleet('api')
    const plan = { repos: ['../api'], prompts: ['echo x >>log'], agents: ['shell'] }
    const first = await started(s, plan)
    const [run] = JSON.parse((await s.amp('batch', 'list', '--json')).stdout).runs
    const again = await started(s, plan)
    expect(again.items).toEqual(first.items)
    const more = await started(s, { ...plan, prompts: ['echo x >>log', 'echo y >y'] })
    expect(more.items.map((item) => [item.status, item.run, item.tries])).toEqual([
      ['success', run.id, 0],
      ['success', null, 1],
    ])
    expect(more.items[0]?.session).toBe(first.items[0]?.session)
    const anew = await started(s, plan, '--again')
    expect(anew.items[0]?.session).not.toBe(first.items[0]?.session)
  })

  it('is never half merged: a conflict takes the merge back and is the reason', async () => {
    const s = fleet('api')
    const dir = join(s.root, 'api')
    const { items } = await started(s, {
      concurrency: 1,
      defaults: { ...shell, mergeOnPass: true },
      matrix: [
        { repo: '../api', prompt: 'echo one >README.md' },
        { repo: '../api', prompt: 'echo two >README.md' },
      ],
    })
    expect(statuses(items)).toEqual(['success', 'fail'])
    expect(items[1]?.reason).toMatch(/^not merged: .*README\.md/)
    expect(s.gitAt(dir, 'show', 'main:README.md')).toBe('one')
    expect(s.gitAt(dir, 'status', '--porcelain')).toBe('')
    expect(
      s.gitAt(join(dir, '.worktrees', items[1]?.session ?? ''), 'status', '--porcelain=v2', '--branch'),
    ).not.toMatch(/^[u12] /m)
  })

  it('tries again after a rate limit, and not after failing tests; a timeout is one', async () => {
    const s = fleet('api')
    s.git('config', 'amp.batchBackoff', '10ms')
    const dir = join(s.root, 'api')
    s.program(
      'flaky',
      `cat >/dev/null; [ -f "$HOME/seen" ] && echo ok >out && exit 0; : >"$HOME/seen"; echo 'HTTP 429: rate limit exceeded' >&2; exit 1`,
    )
    s.gitAt(dir, 'config', 'amp.agent.flaky.command', 'flaky')
    const { items, answer } = await started(s, {
      concurrency: 1,
      matrix: [
        { repo: '../api', prompt: 'go', agent: 'flaky' },
        { repo: '../api', prompt: 'true', agent: 'shell', scriptCommand: 'false' },
        { repo: '../api', prompt: 'sleep 600', agent: 'shell', timeoutSec: 1 },
      ],
    })
    expect(items.map(({ status, tries }) => [status, tries])).toEqual([
      ['success', 2],
      ['fail', 1],
      ['timeout', 1],
    ])
    expect(answer.stderr).toContain('again in')
  })

  it('stops before the next item when the run has cost its ceiling, and goes on with a higher one', async () => {
    const s = fleet('api')
    s.program('claude', politeAgent)
    const plan = { concurrency: 1, maxCost: 0.2, repos: ['../api'], prompts: ['one', 'two'], agents: ['claude'] }
    const { answer, items } = await started(s, plan)
    expect([answer.code, ...statuses(items)]).toEqual([1, 'success', 'queued'])
    expect(answer.stderr).toContain('the run has cost $0.25, and its ceiling is $0.20')
    const resumed = await s.amp('batch', 'resume', '--max-cost', '1')
    expect(resumed.code).toBe(0)
    expect(statuses(await itemsOf(s))).toEqual(['success', 'success'])
  })

  it('clones a URL once, and follows it later', async () => {
    const s = fleet('api')
    const url = `file://${join(s.root, 'api')}`
    const cached = async (prompt: string) =>
      (await started(s, { repos: [url], prompts: [prompt], agents: ['shell'] })).items
    const [first] = await cached('echo 1 >a')
    expect(first).toMatchObject({ status: 'success', dir: expect.stringContaining(join(s.root, '.cache/git-amp')) })
    s.commit({ b: '2' }, 'More', join(s.root, 'api'))
    const [second] = await cached('cat b >c')
    expect(second).toMatchObject({ status: 'success', dir: first?.dir })
  })

  it('keeps a run elsewhere with --home', async () => {
    const s = fleet('api')
    const plan = JSON.stringify({ repos: ['.'], prompts: ['true'], agents: ['shell'] })
    const cwd = join(s.root, 'api')
    const answer = await s.ampWith({ cwd, stdin: plan }, 'batch', 'start', '--file', '-', '--home', s.dir)
    expect(answer.code).toBe(0)
    expect(s.git('for-each-ref', 'refs/amp/batches')).not.toBe('')
    expect(s.gitAt(cwd, 'for-each-ref', 'refs/amp/batches')).toBe('')
  })
})

describe('the samples of the manual', () => {
  const blocks = (BatchStartCommand.usage?.details ?? '').split(/\n\n/).filter((block) => /^\s+(runId|\{)/.test(block))

  it.each([
    ['YAML', 0, 2],
    ['JSON', 1, 16],
  ])('run as they are printed: %s', async (_, at, count) => {
    const s = fleet('api', 'web')
    for (const name of ['amp', 'claude']) s.program(name, politeAgent)
    s.program('npm', 'exit 0')
    s.gitAt(join(s.root, 'web'), 'branch', 'develop')
    s.gitAt(
      join(s.root),
      'config',
      '--file',
      'gitconfig',
      `url.file://${join(s.root, 'web')}.insteadOf`,
      'https://example.com/web.git',
    )
    const lines = (blocks[at] ?? '').split('\n')
    const indent = Math.min(...lines.filter((line) => line.trim() !== '').map((line) => line.search(/\S/)))
    s.write({
      'plan.yaml': lines.map((line) => line.slice(indent)).join('\n'),
      'prompts/upgrade.md': 'Upgrade\n',
      'prompts/tests.md': 'Test\n',
    })
    const answer = await s.amp('batch', 'start', '--file', 'plan.yaml')
    expect([answer.code, answer.code === 0 ? '' : answer.stderr]).toEqual([0, ''])
    expect(statuses(await itemsOf(s))).toEqual(Array.from({ length: count }, () => 'success'))
  })
})

describe('every line about batches in the README of the tool that plans come from', () => {
  it('works as it is typed there', async () => {
    const s = fleet('api')
    const config = { repos: ['../api'], prompts: ['echo 1 >a'], agents: ['shell'] }
    s.write({ 'batch-config.json': JSON.stringify(config) })
    expect((await s.amp('batch', 'start', '--file', './batch-config.json')).code).toBe(0)
    const list = await s.amp('batch', 'list')
    expect(plain(list.stdout, s.root)).toMatch(/^\w{4} {2}finished {2}1\/1 .* batch-config\n$/)
    const id = list.stdout.slice(0, 4)
    expect((await s.amp('batch', 'status', id)).stdout).toContain('success')
    const data = join(s.dir, 'data')
    expect((await s.amp('batch', 'export', id, '--format', 'csv', '--out', './data')).code).toBe(0)
    expect(s.read('batch_items.csv', data)).toMatch(/success/)
    expect((await s.amp('batch', 'report', id, '--format', 'md')).stdout).toContain('api')
    // It has ended: there is nothing to abort.
    expect(await s.amp('batch', 'abort', id)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is finished already'),
    })
  })
})

describe('a run that is stopped', () => {
  const slow = {
    concurrency: 2,
    repos: ['../api'],
    prompts: ['echo edit >a; sleep 600', 'sleep 600', 'echo x >x'],
    agents: ['shell'],
  }
  const running = async (s: ReturnType<typeof fleet>) => {
    s.write({ 'plan.json': JSON.stringify(slow) })
    const started = startAmp(s, 'batch', 'start', '--file', 'plan.json')
    await s.until(async () => {
      const answer = await s.ampWith({ host: thisMachine }, 'batch', 'status', '--json')
      const items = answer.code === 0 ? JSON.parse(answer.stdout).items : []
      return items.some(
        ({ session }: { session: string | null }) =>
          session !== null && s.exists('a', join(s.root, 'api/.worktrees', session)),
      )
    })
    return started
  }

  it('by abort in another terminal keeps what its agents did, and is gone on with', async () => {
    const s = fleet('api')
    const { ended } = await running(s)
    const second = await s.ampWith({ host: thisMachine }, 'batch', 'resume')
    expect(second).toMatchObject({ code: 128, stderr: expect.stringContaining('is running in process') })
    const aborted = await s.ampWith({ host: thisMachine }, 'batch', 'abort')
    expect(aborted).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^aborted \w{4} plan: 2 aborted, 1 queued/),
    })
    expect((await ended).code).toBe(1)
    const items = await itemsOf(s)
    expect(statuses(items)).toEqual(['aborted', 'aborted', 'queued'])
    const [first] = items
    const dir = join(s.root, 'api')
    expect(s.gitAt(dir, 'show', `${s.branchAt(dir, first?.session ?? '')}:a`)).toBe('edit')
  })

  it('by Ctrl-C does the same', async () => {
    const s = fleet('api')
    const { child, ended } = await running(s)
    child.kill('SIGINT')
    expect((await ended).code).toBe(130)
    expect(statuses(await itemsOf(s))).toEqual(['aborted', 'aborted', 'queued'])
  })

  it('by kill -9 is taken up by abort', async () => {
    const s = fleet('api')
    const { child, ended } = await running(s)
    child.kill('SIGKILL')
    await ended
    const listed = await s.ampWith({ host: thisMachine }, 'batch', 'list')
    expect(listed.stdout).toContain('interrupted')
    const aborted = await s.ampWith({ host: thisMachine }, 'batch', 'abort')
    expect(aborted.stdout).toMatch(/^aborted \w{4} plan: 2 aborted, 1 queued/)
    const [first] = await itemsOf(s)
    const dir = join(s.root, 'api')
    expect(s.gitAt(dir, 'show', `${s.branchAt(dir, first?.session ?? '')}:a`)).toBe('edit')
  })
})

describe('git amp batch resume', () => {
  it('tries what failed again in its own session', async () => {
    const s = fleet('api')
    const { items } = await started(s, {
      matrix: [
        {
          repo: '../api',
          prompt: '[ -f seen ] && echo 1 >out; echo 1 >seen',
          agent: 'shell',
          scriptCommand: 'test -f out',
        },
      ],
    })
    expect(statuses(items)).toEqual(['fail'])
    const nothing = await s.amp('batch', 'resume')
    expect(nothing).toMatchObject({ code: 1, stderr: expect.stringContaining('batch resume --failed') })
    expect((await s.amp('batch', 'resume', '--failed')).code).toBe(0)
    const [again] = await itemsOf(s)
    expect(again).toMatchObject({ status: 'success', session: items[0]?.session, tries: 2 })
  })
})

describe('all sessions of a run', () => {
  it('are compared, shown, merged and removed at once', async () => {
    const s = fleet('api', 'web')
    const dir = join(s.root, 'api')
    const { items } = await started(s, {
      repos: ['../api', '../web'],
      prompts: ['date >out'],
      agents: ['shell'],
      attempts: 2,
    })
    const diff = await s.amp('batch', 'diff', '--only', 'api', '--stat')
    expect(diff.stdout.match(/out \| 1 \+/g)).toHaveLength(2)
    const [kept, lost] = items
    const compared = await s.amp('batch', 'compare', '--pick', kept?.session ?? '')
    expect(compared.stderr).toContain(`removed ${lost?.session.slice(0, 4)}`)
    expect(s.gitAt(dir, 'worktree', 'list')).not.toContain(lost?.session)
    const merged = await s.amp('batch', 'merge', '--only', '1', '--passed')
    expect(merged).toMatchObject({ code: 0, stdout: expect.stringContaining('merged') })
    expect(s.gitAt(dir, 'ls-tree', '--name-only', 'main')).toContain('out')
    const web = join(s.root, 'web')
    const before = s.gitAt(web, 'for-each-ref', 'refs/heads')
    expect((await s.amp('batch', 'remove', '--only', 'web')).code).toBe(1)
    expect((await s.amp('batch', 'remove', '--only', 'web', '-D', '-f')).code).toBe(0)
    expect(s.gitAt(web, 'worktree', 'list').split('\n')).toHaveLength(1)
    // One operation there, taken back as a whole.
    expect((await s.ampAt(web, 'undo')).code).toBe(0)
    expect(s.gitAt(web, 'for-each-ref', 'refs/heads')).toBe(before)
    expect(s.gitAt(web, 'worktree', 'list').split('\n')).toHaveLength(3)
  })
})

describe('git amp doctor', () => {
  it('names a run whose chain says what its events do not', async () => {
    const s = fleet('api')
    await started(s, { repos: ['../api'], prompts: ['true'], agents: ['shell'] })
    expect((await s.amp('doctor')).code).toBe(0)
    const ref = s.git('for-each-ref', '--format=%(refname)', 'refs/amp/batches')
    const forged = s.git('log', '-1', '--format=%B', ref).replace('"items":"s"', '"items":"f"')
    const parent = s.git('rev-parse', `${ref}^`)
    s.git('update-ref', ref, s.git('commit-tree', '-p', parent, '-m', forged, s.git('rev-parse', `${ref}^{tree}`)))
    const answer = await s.amp('doctor')
    expect([answer.code, answer.stdout + answer.stderr]).toEqual([
      1,
      expect.stringMatching(/batch run \w{12} is broken: the snapshot/),
    ])
  })
})

describe('git amp sync', () => {
  it('takes a run to another clone, where it is shown and never run', async () => {
    const world = new Clones()
    const home = world.home()
    const plan = join(home.dir, 'plan.json')
    world.scene.write(
      { 'plan.json': JSON.stringify({ repos: ['.'], prompts: ['echo 1 >a'], agents: ['shell'] }) },
      home.dir,
    )
    await home.must('batch', 'start', '--file', plan)
    await home.must('sync')
    const there = world.clone('there')
    const came = await there.must('sync')
    expect(came).toMatch(/refs\/amp\/batches\/\w{12}/)
    expect(await there.must('batch', 'list')).toContain('finished')
    expect(there.shared()).toBe(home.shared())
    expect(await there.amp('batch', 'resume', '--failed')).toMatchObject({ code: 1 })
    expect((await home.amp('batch', 'start', '--file', plan, '--again')).code).toBe(0)
    await home.must('sync')
    const id = JSON.parse(await home.must('batch', 'list', '--json')).runs[0].id
    // As if it had been killed at work: a chain that says so, signed by nobody here.
    const begun = home.git('rev-list', '--first-parent', '--reverse', `refs/amp/batches/${id}`).split('\n')[1] ?? ''
    await there.must('sync')
    there.git('update-ref', `refs/amp/batches/${id}`, begun)
    expect(await there.amp('batch', 'resume', id)).toMatchObject({
      code: 128,
      stderr: expect.stringContaining('was not started in this clone'),
    })
  })
})
