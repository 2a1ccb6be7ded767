import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { plain } from '../helpers/run.js'
import { type Scene, scene } from '../helpers/scene.js'

const team = (text: string): { s: Scene } => {
  const s = scene()
  s.commit({ '.amp.yaml': text })
  return { s }
}

/** Starts a session without naming an agent. */
const start = async (s: Scene, ...args: string[]) => {
  const answer = await s.amp('new', 'a', '-m', 'true', '-q', ...args)
  return { ...answer, id: answer.stdout.trim() }
}

describe('.amp.yaml', () => {
  it('is wrong in all its places at once, and nothing is made', async () => {
    const { s } = team(
      'agnet: claude\ntest: 5\nmergeStyle: sqash\ncopy:\n  - ../x\n  - .env\nports: 5000\nagent: shell\nsetup: ""\nmodel: x\n',
    )
    const before = s.refs()
    const answer = await s.amp('new', '-m', 'x')
    expect([answer.code, answer.stdout, s.refs()]).toEqual([128, '', before])
    expect(plain(answer.stderr, s.root)).toMatchInlineSnapshot(`
      "fatal: .amp.yaml in commit <oid12> has 8 problems
      hint: .amp.yaml:1:1: unknown key 'agnet' in .amp.yaml. Did you mean 'agent'?
      hint: .amp.yaml:2:7: test must be a text. Put it in quotes: "5"
      hint: .amp.yaml:3:13: mergeStyle can be ff, ff-only, no-ff or squash. Did you mean 'squash'?
      hint: .amp.yaml:5:5: a pattern cannot leave the repository by '..'
      hint: .amp.yaml:7:8: ports can be 100 at most
      hint: .amp.yaml:8:8: a repository cannot choose the agent shell: it runs every prompt as a program. Choose it for yourself with "git config amp.agent shell".
      hint: .amp.yaml:9:8: setup must be a text, and not empty
      hint: .amp.yaml:10:1: unknown key 'model' in .amp.yaml. Known here: agent, base, copy, mergeStyle, ports, setup, setupMode, test.
      hint: Commit it mended, or do without it: git config amp.team false
      "
    `)
    s.git('config', 'amp.team', 'false')
    expect((await start(s, '--agent', 'shell')).code).toBe(0)
  })

  it.each([
    ['a list', '- a\n'],
    ['no YAML', 'agent: [\n'],
    ['two documents', 'test: a\n---\ntest: b\n'],
    ['a key twice', 'test: a\ntest: b\n'],
    ['an agent with options for a name', 'agent: --help\n'],
    ['the command of a known agent', 'agent: { name: claude, command: evil }\n'],
    ['an agent without a name', 'agent: { command: x }\n'],
    ['an open quote', `agent: { name: x, command: "a 'b" }\n`],
    ['a model that is an option', 'agent: { name: claude, model: --x }\n'],
  ])('refuses %s', async (_, text) => {
    const { s } = team(text)
    const answer = await s.amp('new', '-m', 'x')
    expect([answer.code, answer.stderr]).toEqual([128, expect.stringMatching(/\.amp\.yaml:\d+:\d+: /)])
  })

  it('may hold nothing', async () => {
    for (const text of ['', '# nothing yet\n', '{}\n'])
      expect((await start(team(text).s, '--agent', 'shell')).code).toBe(0)
  })

  it('gives agent, model, base and merge style, and git’s configuration wins', async () => {
    const { s } = team('agent: { name: claude, model: opus }\nbase: next\nmergeStyle: squash\n')
    s.git('branch', 'next')
    s.commit({ later: '1' })
    const { id } = await start(s)
    expect(s.snapshot(id)).toMatchObject({
      agent: 'claude',
      model: 'opus',
      base: { ref: 'refs/heads/next', oid: s.git('rev-parse', 'next') },
    })
    s.git('config', 'amp.agent', 'shell')
    s.git('config', 'amp.base', 'main')
    const own = (await start(s)).id
    expect(s.snapshot(own)).toMatchObject({ agent: 'shell', base: { ref: 'refs/heads/main' } })
    expect(s.snapshot(own).model).toBeUndefined()
    await s.iterate(own, 'echo 1 >n')
    await s.iterate(own, 'echo 2 >n')
    expect((await s.amp('merge', own)).code).toBe(0)
    expect(s.subjects('main').filter((subject) => subject.startsWith('amp:'))).toEqual([])
    expect(s.read('n')).toBe('2\n')
  })

  it('names a base that is none', async () => {
    const { s } = team('base: --help\n')
    expect((await start(s)).stderr).toContain("the base '--help' (from .amp.yaml) is no commit")
  })

  it('has its test run when it is approved, as the base commit says it', async () => {
    const { s } = team('test: echo "from the base" >>$MARK; test ! -e broken\n')
    const mark = join(s.root, 'mark')
    s.env.MARK = mark
    const { id } = await start(s, '--agent', 'shell')
    const refused = await s.amp('test', id)
    expect([refused.code, existsSync(mark)]).toEqual([1, false])
    expect(plain(refused.stderr, s.root)).toMatchInlineSnapshot(`
      "error: .amp.yaml of this repository asks for a test command, which is not approved
      hint: "git amp trust <short>" shows it, and approves it.
      hint: To do without it for good: git config amp.test ""
      "
    `)
    for (const args of [
      ['iterate', id, '-m', 'true'],
      ['iterate', id, '--until-pass'],
      ['preflight', id, '--test'],
    ])
      expect((await s.amp(...args)).code).not.toBe(0)
    expect(existsSync(mark)).toBe(false)
    expect((await s.amp('trust')).code).toBe(0)
    // What the agent writes into its worktree relaxes nothing.
    const relaxed = await s.iterate(id, "echo 'test: true' >.amp.yaml; touch broken")
    expect([relaxed.code, s.read('../mark')]).toEqual([1, 'from the base\n'])
    // Other words need another approval, also when nothing else has changed.
    s.commit({ '.amp.yaml': 'test: echo other >>$MARK\n' })
    const other = (await start(s, '--agent', 'shell')).id
    expect((await s.amp('test', other)).code).toBe(1)
    s.git('config', 'amp.test', '')
    expect((await s.amp('test', other)).stderr).toContain('has no test command')
    s.git('config', 'amp.test', 'true')
    expect((await s.amp('test', other)).code).toBe(0)
  })

  it('can bring an agent of its own, when its command is approved', async () => {
    const { s } = team('agent: { name: team-bot, command: sh -c "cat >said" }\n')
    const answer = await s.amp('new', 'a', '-m', 'true')
    const id = answer.stdout.trim()
    expect(answer.stderr).toContain('warning: .amp.yaml of this repository asks for a command for its agent')
    const refused = await s.amp('iterate', id)
    expect([refused.code, s.snapshot(id).iterations]).toEqual([1, 0])
    await s.amp('trust', id)
    expect((await s.amp('iterate', id)).code).toBe(0)
    expect(s.read('said', s.worktree(id))).toContain('true')
    s.git('config', 'amp.agent.team-bot.command', 'sh -c "cat >mine"')
    expect((await s.amp('iterate', id)).code).toBe(0)
    expect(s.exists('mine', s.worktree(id))).toBe(true)
  })
})

describe('git amp trust of a repository', () => {
  it('shows what its files ask for, approves, lists and revokes', async () => {
    const { s } = team('test: "printf \'\\e[31m\'"\nsetup: npm ci\ncopy: [.env, node_modules]\n')
    s.commit({ '.worktreeinclude': '.cache/\n' })
    const shown = await s.amp('trust', '-n')
    expect(plain(shown.stdout, s.root)).toMatchInlineSnapshot(`
      "What this repository asks for, in main, commit <oid12>

      Setup command, run in every new worktree, from .amp.yaml:
          npm ci

      Test command, from .amp.yaml:
          printf '\\x1b[31m'

      Ignored files to be copied into every new worktree, from .amp.yaml:
          .env
          node_modules

      Ignored files to be copied into every new worktree, from .worktreeinclude:
          .cache/
      "
    `)
    expect((await s.amp('trust', '--list')).stderr).toBe('Nothing is approved in this clone.\n')
    expect(await s.ampWith({ answers: 'n\n' }, 'trust')).toMatchObject({ code: 1 })
    expect((await s.amp('trust', '--list')).stdout).toBe('')
    expect(await s.ampWith({ answers: 'y\n' }, 'trust')).toMatchObject({ code: 0 })
    const listed = (await s.amp('trust', '--list')).stdout
    expect(listed.replace(/^[0-9a-f]{12}/gm, '<digest>')).toMatchInlineSnapshot(`
      "<digest>  setup    .amp.yaml  npm ci
      <digest>  test     .amp.yaml  printf '\\x1b[31m'
      <digest>  copy     .amp.yaml  .env\\nnode_modules
      <digest>  copy     .worktreeinclude  .cache/
      "
    `)
    expect((await s.amp('trust')).stderr).toBe('There is nothing to approve.\n')
    const digest = listed.slice(0, 12)
    expect((await s.amp('trust', '--revoke', digest)).stderr).toBe('1 approval taken back.\n')
    const json = JSON.parse((await s.amp('trust', '-n', '--json')).stdout)
    expect(json.items.map((one: { isTrusted: boolean }) => one.isTrusted)).toEqual([false, true, true, true])
    expect((await s.amp('trust', '--revoke')).stderr).toBe('3 approvals taken back.\n')
    await s.amp('trust')
    expect((await s.amp('trust', '--revoke', '--all')).stderr).toBe('4 approvals taken back.\n')
    expect((await s.amp('trust', '--list')).stdout).toBe('')
    expect(s.git('config', '--local', '--list')).not.toContain('trusted')
  })

  it('is for the base that is named', async () => {
    const { s } = team('setup: first\n')
    s.git('branch', 'old')
    s.commit({ '.amp.yaml': 'setup: second\n' })
    expect((await s.amp('trust', '--base', 'old', '-n')).stdout).toContain('    first\n')
    expect((await s.amp('trust', '-n')).stdout).toContain('    second\n')
    expect((await s.amp('trust', '--list', '--revoke')).code).toBe(129)
  })
})
