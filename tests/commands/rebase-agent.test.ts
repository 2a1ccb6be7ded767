import { describe, expect, it } from 'vitest'
import { type Scene, scene } from '../helpers/scene.js'

/** A session in whose rebase `a` conflicts, with an agent that runs a script and keeps its prompts. */
async function disputed(script: string, args: string[] = []) {
  const s = scene()
  s.commit({ a: 'base\n', gone: 'base\n' })
  s.program('solver', `cat >>"${s.root}/prompt"\n${script}`)
  s.git('config', 'amp.agent.solver.command', 'solver')
  const id = await s.session('a', { prompt: 'Say ours', args: ['--agent', 'solver', ...args] })
  await s.iterate(id, 'echo ours >a; echo 1 >b', '--agent', 'shell')
  s.commit({ c: '2\n' }, 'Mine', s.worktree(id))
  const onto = s.commit({ a: 'theirs\n' }, 'Upstream')
  return { s, id, onto, wt: s.worktree(id), branch: s.branch(id) }
}

const prompts = (s: Scene) => s.read('prompt', s.root)

describe('git amp rebase --agent-resolve', () => {
  it('gives the conflict to the agent, and goes on when it is resolved and the tests pass', async () => {
    const { s, id, wt, branch } = await disputed('echo both >a', ['--test', 'grep -q both a'])
    const answer = await s.amp('rebase', '--agent-resolve', id)
    expect([answer.code, answer.stderr]).toEqual([0, expect.stringContaining('solver is asked to resolve a...\n')])
    expect(answer.stdout).toContain('rebased 2 commits of ')
    expect([s.read('a', wt), s.status(id)]).toEqual(['both\n', ''])
    expect(s.subjects(`main..${branch}`)).toEqual(['amp: echo ours >a; echo 1 >b', 'Mine'])
    expect(prompts(s)).toContain('- a\n')
    expect(prompts(s)).toContain('a on the new base:\n\ntheirs\n')
    expect(prompts(s)).toContain('a in the commit that is being applied:\n\nours\n')
    expect(s.events(id).slice(-3)).toEqual(['session.conflicted', 'session.resolved', 'session.rebased'])
    expect((await s.amp('log', id)).stdout).toContain('solver resolved the conflict')
    expect(s.exists('.git/amp/leases') && s.git('rev-parse', branch)).toBe(s.snapshot(id).heads[0])
  })

  it.each([
    ['true', 'conflict markers are left in a'],
    ['echo both >a; exit 3', 'the agent failed: '],
    ['echo neither >a', 'the tests fail (grep -q both a)'],
    ['echo both >a; git add a; git -c core.editor=true rebase --continue', 'it went on with the rebase by itself'],
  ])('leaves the conflict when the agent does "%s"', async (script, reason) => {
    const { s, id, wt, branch } = await disputed(script, ['--test', 'grep -q both a'])
    const old = s.git('rev-parse', branch)
    const answer = await s.amp('rebase', '--agent-resolve', id)
    expect([answer.code, answer.stderr]).toEqual([1, expect.stringContaining(reason)])
    if (reason.startsWith('it went')) {
      expect((await s.amp('rebase', '--continue', id)).code).toBe(0)
      return
    }
    expect(s.git('rev-parse', branch)).toBe(old)
    expect(s.gitAt(wt, 'status', '--porcelain')).toContain('UU a')
    expect(s.snapshot(id)).toHaveProperty('rebasing')
    expect((await s.amp('log', id)).stdout).toContain('unresolved')
    // Asked again, it may do better.
    s.program('solver', 'cat >/dev/null; echo both >a; git add a')
    expect((await s.amp('rebase', '--continue', '--agent-resolve', id)).code).toBe(0)
    expect(s.snapshot(id)).not.toHaveProperty('rebasing')
  })

  it('wants a decision about a file that one side deleted, and keeps lines that look like markers', async () => {
    const { s, id, wt } = await disputed('true')
    s.commit({ gone: 'ours\n', doc: '=======\n' }, 'Edited', wt)
    s.write({ a: 'theirs\n' })
    s.git('rm', '-q', 'gone')
    s.commit({}, 'Removed')
    s.program('solver', 'cat >/dev/null; test -f a && ! grep -q theirs a || echo both >a')
    const answer = await s.amp('rebase', '--agent-resolve', id)
    expect([answer.code, answer.stderr]).toEqual([1, expect.stringContaining('gone is neither edited nor staged')])
    s.program('solver', 'cat >/dev/null; git rm -q gone')
    expect((await s.amp('rebase', '--agent-resolve', id)).code).toBe(0)
    expect([s.exists('gone', wt), s.read('doc', wt), s.read('a', wt)]).toEqual([false, '=======\n', 'both\n'])
  })

  it('is at work: other commands refuse, and stop ends it', async () => {
    const { s, id, wt } = await disputed('echo >begun; exec sleep 600')
    const running = s.amp('rebase', '--agent-resolve', id)
    await s.until(() => s.exists('begun', wt))
    const refused = await s.amp('rebase', '--abort', id)
    expect([refused.code, refused.stderr]).toEqual([
      128,
      expect.stringContaining('the agent or the tests of session a are running'),
    ])
    expect((await s.amp('stop', id)).code).toBe(0)
    expect((await running).stderr).toContain('it was stopped')
    expect((await s.amp('rebase', '--abort', id)).code).toBe(0)
    expect(s.read('a', wt)).toBe('ours\n')
  })

  it('has no use for an agent that runs scripts', async () => {
    const { s, id } = await disputed('true', ['--agent', 'shell'])
    const answer = await s.amp('rebase', '--agent-resolve', id)
    expect([answer.code, answer.stderr]).toEqual([1, expect.stringContaining("agent 'shell' runs scripts")])
  })
})
