import { describe, expect, it } from 'vitest'
import { reportingAmp, setPrices } from '../helpers/figures.js'
import { type Scene, scene } from '../helpers/scene.js'

/** A repository that notifies after every iteration, by a command that keeps the events. */
function notifying(): Scene {
  const s = scene()
  s.git('config', 'amp.notifyAfter', '0')
  s.git('config', 'amp.notifyCommand', `cat >>'${s.root}/events'`)
  return s
}

/** The events that the command got, as JSON. */
const events = (s: Scene): Record<string, unknown>[] =>
  s.exists('events', s.root)
    ? s
        .read('events', s.root)
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))
    : []

const bell = '\x07'

const visible = (text: string): string => text.replaceAll('\x1b', '<esc>').replaceAll(bell, '<bel>')

describe('a notification', () => {
  it('tells the command everything about the iteration', async () => {
    const s = notifying()
    reportingAmp(s, { input: 1_000_000, output: 0 })
    setPrices(s, 'm', { input: '2', source: 'a list' })
    const id = (
      await s.amp('new', 'Fix it', '--agent', 'amp', '--model', 'm', '-m', 'Do it', '-q', '--test', 'true', '--run')
    ).stdout.trim()
    const [event, ...others] = events(s)
    expect(others).toEqual([])
    expect(event).toEqual({
      schema: 'git-amp/notification@1',
      event: 'finished',
      session: { id, name: 'Fix it', slug: 'fix-it' },
      iteration: { id: expect.any(String), n: 1, agent: 'amp', model: 'm' },
      outcome: 'success',
      reason: null,
      waiting: null,
      commit: s.git('rev-parse', s.branch(id)),
      files: 1,
      insertions: 1,
      deletions: 0,
      durationMs: expect.any(Number),
      tests: { command: 'true', exit: 0, durationMs: expect.any(Number) },
      usage: { input: 1_000_000, output: 0, cacheRead: 0, cacheWrite: 0 },
      costUsd: 2,
      costSource: 'a list',
      worktree: s.worktree(id),
      branch: s.branch(id),
      repository: s.dir,
    })
  })

  it('comes when the agent fails, waits, or the tests fail', async () => {
    const s = notifying()
    const id = await s.session('a', { args: ['--test', 'exit 3'] })
    await s.iterate(id, 'exit 4')
    await s.iterate(id, 'echo 1 >a')
    s.program('amp', 'echo "No API key found. Starting login flow..."\necho https://example.com/auth/cli-login?token=x')
    await s.iterate(id, 'more', '--agent', 'amp')
    expect(events(s)).toMatchObject([
      { event: 'failed', outcome: 'failed', reason: 'exit code 4', tests: null, commit: null },
      { event: 'tests-failed', outcome: 'success', tests: { exit: 3 }, files: 1 },
      { event: 'waiting', outcome: 'failed', waiting: 'login' },
    ])
  })

  it('does not come after a short iteration, when the user stopped it, or when it is never wanted', async () => {
    const s = notifying()
    const id = await s.session('a')
    const stop = new AbortController()
    s.git('config', '--unset', 'amp.notifyAfter')
    await s.iterate(id, 'true')
    s.git('config', 'amp.notifyAfter', '0')
    const stopped = s.ampWith({ signal: stop.signal }, 'iterate', id, '-m', 'echo 1 >started; sleep 60')
    await s.until(() => s.exists('started', s.worktree(id)))
    stop.abort()
    await stopped
    s.git('config', 'amp.notify', 'never')
    const quiet = await s.ampWith({ isTerminal: true }, 'iterate', id, '-m', 'true')
    expect(quiet.stderr).not.toContain(bell)
    expect(events(s)).toEqual([])
  })

  it('shows on a terminal and on the desktop, without control characters and markup of others', async () => {
    const s = notifying()
    s.program('notify-send', `printf '%s\\n' "$@" >>'${s.root}/desktop'`)
    const id = await s.session('a')
    const shown = await s.ampWith({ isTerminal: true }, 'iterate', id, '-m', 'echo 1 >a')
    expect(visible(shown.stderr)).toMatch(/<esc>\]9;git-amp: a: iteration 1 finished \(1 file, \d+ m?s\)<bel><bel>$/)
    const script = `printf '{"a":1}\\n'; printf 'fatal: <b>\\033]0;x\\007&amp' >&2; exit 7`
    const failed = await s.ampWith({ isTerminal: true }, 'iterate', id, '-m', script)
    const told = 'git-amp: a: iteration 2 failed: exit code 7: <b>&amp (no change, <time>)'
    expect(visible(failed.stderr).replace(/\d+ m?s/g, '<time>')).toContain(`<esc>]9;${told}<bel><bel>`)
    const desktop = s.read('desktop', s.root).replace(/\d+ m?s/g, '<time>')
    expect(desktop).toMatchInlineSnapshot(`
      "--app-name=git-amp
      git-amp: a
      iteration 1 finished (1 file, <time>)
      --app-name=git-amp
      git-amp: a
      iteration 2 failed: exit code 7: &lt;b&gt;&amp;amp (no change, <time>)
      "
    `)
  })

  it('is quiet in a pipe, in CI and on a dumb terminal, unless it is always wanted', async () => {
    const s = scene()
    s.git('config', 'amp.notifyAfter', '0')
    s.program('notify-send', `echo shown >>'${s.root}/desktop'`)
    const id = await s.session('a')
    const run = (options: { isTerminal?: boolean; env?: Record<string, string> }) =>
      s.ampWith(
        { isTerminal: options.isTerminal ?? false, env: { ...s.env, ...options.env } },
        'iterate',
        id,
        '-m',
        'true',
      )
    const quiet = [
      await run({}),
      await run({ isTerminal: true, env: { CI: 'true' } }),
      await run({ isTerminal: true, env: { TERM: 'dumb' } }),
    ]
    expect(quiet.map((answer) => answer.stderr.includes(bell))).toEqual([false, false, false])
    expect(s.exists('desktop', s.root)).toBe(false)
    s.git('config', 'amp.notify', 'always')
    const asked = [
      await run({}),
      await run({ isTerminal: true, env: { CI: 'true' } }),
      await run({ isTerminal: true, env: { TERM: 'dumb' } }),
    ]
    expect(asked.map((answer) => answer.stderr.includes(bell))).toEqual([false, true, false])
    expect(s.read('desktop', s.root)).toBe('shown\n'.repeat(3))
  })

  it('never fails the command', async () => {
    const s = notifying()
    s.program('notify-send', 'echo "no bus" >&2; exit 1')
    s.git('config', 'amp.notifyCommand', 'exec <&-; echo "cannot reach it" >&2; exit 9')
    s.git('config', 'amp.notify', 'always')
    const id = await s.session('a')
    const answer = await s.ampWith({ isTerminal: true }, 'iterate', id, '-m', 'true')
    expect(answer).toMatchObject({ code: 0, stdout: 'iteration 1: no change\n' })
    expect(answer.stderr).toContain('warning: no notification by notify-send: exit code 1: no bus\n')
    expect(answer.stderr).toContain('warning: no notification by amp.notifyCommand: exit code 9: cannot reach it\n')
  })
})
