import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { realProcesses } from '../../src/processes.js'
import { install, startAmp, thisMachine } from '../helpers/bundle.js'
import { type Scene, scene } from '../helpers/scene.js'

const processes = realProcesses()

/** A session of three commits, of which the second conflicts with the base. */
async function disputed() {
  const s = install(scene())
  s.commit({ a: 'base\n', d: '1\n' })
  const id = await s.session('a')
  for (const script of ['echo 1 >b', 'echo ours >a', 'echo 2 >c; git rm -q d']) await s.iterate(id, script)
  s.commit({ a: 'theirs\n', up: 'stream' }, 'Upstream')
  return { s, id, wt: s.worktree(id), branch: s.branch(id), old: s.git('rev-parse', s.branch(id)) }
}

type Found = Awaited<ReturnType<typeof disputed>>

interface Shot {
  /** At which call of git. */
  n: number
  who: 'amp' | 'git' | 'both'
}

/** Kills git-amp, git, or both, when git is called for the n-th time by git-amp or by one of its gits. */
function killAt(s: Scene, { n, who }: Shot) {
  const real = s.git('--exec-path')
  const count = join(s.root, 'count')
  const kill = { amp: 'kill -9 $AMP_PID', git: 'kill -9 $$', both: 'kill -9 $AMP_PID; kill -9 $$' }[who]
  const script = [
    `test -n "$AMP_TRACED" || exec "${real}/git" "$@"`,
    `case "$*" in *cat-file*) exec "${real}/git" "$@";; esac`,
    `echo x >>"${count}"`,
    'test -n "$AMP_PID" || export AMP_PID=$PPID',
    `test "$(wc -l <"${count}")" -ne ${n} || { ${kill}; }`,
    `exec "${real}/git" "$@"`,
  ].join('\n')
  s.program('git', script)
  s.env.AMP_TRACED = '1'
  return () => {
    delete s.env.AMP_TRACED
    const calls = readFileSync(count, 'utf8').split('\n').length - 1
    s.program('git', `exec "${real}/git" "$@"`)
    return calls
  }
}

/** Runs a command that is killed at its n-th call of git. @returns whether it came to the n-th call */
async function killed({ s }: Found, shot: Shot, ...argv: string[]): Promise<boolean> {
  const heal = killAt(s, shot)
  const { ended } = startAmp(s, ...argv)
  await ended
  await s.until(async () => (await processes.workingIn(s.root)).length === 0, 'its children to end')
  return heal() >= shot.n
}

const amp = ({ s }: Found, ...argv: string[]) => s.ampWith({ host: thisMachine }, ...argv)

/** Old, new, or a conflict that can be finished; and whatever it is, branch, index, files and chain agree in the end. */
async function canBeEnded(found: Found, what: string, end: 'continue' | 'abort'): Promise<void> {
  const { s, id, wt, branch, old } = found
  expect([what, s.git('fsck', '--no-dangling')]).toEqual([what, ''])
  const state = (await amp(found, 'list', '-a', '--format', '%(state)')).stdout.trim()
  expect([what, ['idle', 'conflict']]).toEqual([what, expect.arrayContaining([state])])
  const isThere = () => s.git('rev-parse', branch) !== old && s.gitAt(wt, 'branch', '--show-current') === branch
  for (let tries = 0; tries < 4; tries++) {
    const answer = await amp(found, 'rebase', `--${end}`, id)
    if (answer.code === 0 || /no rebase|was aborted|was finished/.test(answer.stderr)) break
    expect([what, answer.code, answer.stderr]).toEqual([
      what,
      1,
      expect.stringContaining('conflicts with the base in a'),
    ])
    s.write({ a: 'both\n' }, wt)
    s.gitAt(wt, 'add', 'a')
  }
  if (end === 'continue' && !isThere()) {
    // It had not begun: it is the old state, and begins now.
    expect([what, (await amp(found, 'rebase', id)).code]).toEqual([what, 1])
    s.write({ a: 'both\n' }, wt)
    s.gitAt(wt, 'add', 'a')
    expect([what, (await amp(found, 'rebase', '--continue', id)).code]).toEqual([what, 0])
  }
  const head = s.git('rev-parse', branch)
  expect([what, s.gitAt(wt, 'branch', '--show-current'), s.status(id)]).toEqual([what, branch, ''])
  expect([what, s.snapshot(id).heads, s.snapshot(id)]).toEqual([
    what,
    [head],
    expect.not.objectContaining({ rebasing: expect.anything() }),
  ])
  const files = readdirSync(wt).filter((name) => name !== '.git')
  if (head === old) expect([what, files.sort()]).toEqual([what, ['README.md', 'a', 'b', 'c'].sort()])
  else
    expect([what, files.sort(), s.read('a', wt)]).toEqual([what, ['README.md', 'a', 'b', 'c', 'up'].sort(), 'both\n'])
  if (head !== old) expect([what, s.subjects(`main..${branch}`).length]).toEqual([what, 3])
  expect([what, (await amp(found, 'iterate', id, '-m', 'echo next >n')).code]).toEqual([what, 0])
}

describe('kill -9 in a rebase', () => {
  const all = process.env.KILL_ROUNDS !== undefined
  const steps = Array.from({ length: 60 }, (_, at) => at + 1)
  const ways = ['amp', 'git', 'both'] as const

  it.each([['begin'], ['continue'], ['abort']] as const)(
    'at any call of git leaves what --continue and --abort finish: %s',
    async (phase) => {
      for (const n of steps.filter((one) => all || one % 11 === (phase === 'begin' ? 5 : 3))) {
        for (const who of ways.filter((_, at) => all || at === n % 3)) {
          const found = await disputed()
          const { s, id, wt } = found
          if (phase !== 'begin') {
            expect((await amp(found, 'rebase', id)).code).toBe(1)
            s.write({ a: 'both\n' }, wt)
            s.gitAt(wt, 'add', 'a')
          }
          const argv = phase === 'begin' ? ['rebase', id] : ['rebase', `--${phase}`, id]
          const isReached = await killed(found, { n, who }, ...argv)
          await canBeEnded(found, `${phase}: ${who} killed at call ${n}`, n % 2 === 0 ? 'continue' : 'abort')
          if (!isReached) return
        }
      }
    },
    600_000,
  )

  it.each([1, 2, 3])('of git while it writes files: nothing is lost, and nothing is half (%i)', async (n) => {
    for (const end of ['continue', 'abort'] as const) {
      const s = scene()
      s.commit({ a: 'base\n', '.gitattributes': '*.x filter=slow\n' })
      const id = await s.session('a')
      for (const script of ['echo 1 >p.x; echo 1 >p', 'echo ours >a', 'echo 2 >q.x; echo 2 >q'])
        await s.iterate(id, script)
      s.commit({ a: 'theirs\n', 'u.x': 'stream\n', u: 'stream' }, 'Upstream')
      const [wt, branch, old] = [s.worktree(id), s.branch(id), s.git('rev-parse', s.branch(id))]
      const count = join(s.root, 'count')
      s.git('config', 'filter.slow.clean', 'cat')
      s.program('smudge', `echo x >>${count}; test $(wc -l <${count}) -ne ${n} || kill -9 $PPID; exec cat`)
      // Without a shell in between its parent is git.
      s.git('config', 'filter.slow.smudge', 'exec smudge')
      const before = n < 3 ? null : await s.amp('rebase', id)
      if (before !== null) {
        s.write({ a: 'both\n' }, wt)
        s.gitAt(wt, 'add', 'a')
      }
      const answer = await (n < 3 ? s.amp('rebase', id) : s.amp('rebase', '--continue', id))
      expect([n, answer.code, answer.stderr]).toEqual([n, 128, expect.stringContaining('SIGKILL')])
      expect((await s.amp('list', '--format', '%(state)')).stdout).toBe('conflict\n')
      // A lock that is as young as this is waited for.
      const ended = await s.ampWith({ host: { sleep: async () => {} } }, 'rebase', `--${end}`, id)
      if (end === 'abort') expect([n, ended.code, s.git('rev-parse', branch)]).toEqual([n, 0, old])
      else if (n < 3) {
        expect([n, ended.code, ended.stderr]).toEqual([n, 1, expect.stringContaining('conflicts with the base in a')])
        s.write({ a: 'both\n' }, wt)
        s.gitAt(wt, 'add', 'a')
        expect((await s.amp('rebase', '--continue', id)).code).toBe(0)
      } else expect([n, ended.code, ended.stderr]).toEqual([n, 0, ''])
      if (end === 'continue')
        expect([n, s.subjects(`main..${branch}`).length, s.read('a', wt)]).toEqual([n, 3, 'both\n'])
      expect([n, end, s.status(id), s.git('rev-parse', branch)]).toEqual([n, end, '', s.snapshot(id).heads[0]])
      for (const file of ['p.x', 'q.x'])
        expect([file, s.read(file, wt)]).toEqual([file, file === 'p.x' ? '1\n' : '2\n'])
    }
  })
})
