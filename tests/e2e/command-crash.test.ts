import { rmSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { thisMachine } from '../helpers/bundle.js'
import { diverged } from '../helpers/diverged.js'
import { killedAt } from '../helpers/kill-at.js'
import { type Scene, scene } from '../helpers/scene.js'

/** Every git call in the soak, a sample in the normal run. */
const step = process.env.KILL_ROUNDS === undefined ? 13 : 1

const amp = (s: Scene, ...argv: string[]) => s.ampWith({ host: thisMachine }, ...argv)

interface Case {
  /** @returns the session */
  prepare: (s: Scene) => Promise<string>
  argv: (id: string) => string[]
  /** Once more; refusing it because it is done is as good. */
  done?: RegExp
  check: (s: Scene, id: string) => Promise<void> | void
}

const withWork = async (s: Scene): Promise<string> => {
  const id = await s.session('a', { args: ['--test', 'test -f a'] })
  await s.iterate(id, 'echo 1 >a')
  s.commit({ mine: '1\n' }, 'Mine', s.worktree(id))
  await s.iterate(id, 'echo 2 >a')
  return id
}

const cases: Record<string, Case> = {
  new: {
    prepare: async () => 'a',
    argv: () => ['new', 'a', '--agent', 'shell', '-m', 'echo 1 >a'],
    check: async (s) => {
      const ids = (await amp(s, 'list', '--format', '%(id)')).stdout.split('\n').filter((id) => id !== '')
      expect([1, 2]).toContain(ids.length)
      for (const id of ids) expect((await amp(s, 'iterate', id)).code).toBe(0)
      const branches = s.git('for-each-ref', '--format=%(refname:short)', 'refs/heads/amp').split('\n')
      expect(branches.sort()).toEqual(ids.map((id) => s.branch(id)).sort())
    },
  },
  iterate: {
    prepare: withWork,
    argv: (id) => ['iterate', id, '-m', 'echo x >>new; echo 3 >a'],
    check: (s, id) => {
      // Killed before the agent, in between or after it: it ran once or twice.
      expect(s.git('show', `${s.branch(id)}:new`)).toMatch(/^x(\nx)?$/)
      expect(s.git('show', `${s.branch(id)}:a`)).toBe('3')
      expect(s.subjects(`main..${s.branch(id)}`)).toContain('Mine')
    },
  },
  'iterate with edits': {
    prepare: async (s) => {
      const id = await withWork(s)
      s.write({ edited: 'by hand\n' }, s.worktree(id))
      return id
    },
    argv: (id) => ['iterate', id, '-m', 'echo 3 >a'],
    check: (s, id) => {
      const [commit] = s.git('log', '--format=%H', '-1', s.branch(id), '--', 'edited').split('\n')
      expect(s.git('log', '-1', '--format=%s', commit ?? '')).not.toMatch(/^amp:/)
      expect(s.git('show', `${s.branch(id)}:edited`)).toBe('by hand')
    },
  },
  squash: {
    prepare: withWork,
    argv: (id) => ['squash', id, '-m', 'All'],
    check: (s, id) => {
      expect(s.subjects(`main..${s.branch(id)}`)).toEqual(['All', 'Mine'])
      expect(s.git('ls-tree', '-r', '--name-only', s.branch(id))).toBe('README.md\na\nmine')
    },
  },
  rebase: {
    prepare: async (s) => {
      const id = await withWork(s)
      s.commit({ up: '1' }, 'Upstream')
      return id
    },
    argv: (id) => ['rebase', id],
    check: (s, id) => {
      expect(s.subjects(`main..${s.branch(id)}`)).toHaveLength(3)
      expect([s.git('rev-parse', `${s.branch(id)}~3`), s.read('up', s.worktree(id))]).toEqual([
        s.git('rev-parse', 'main'),
        '1',
      ])
    },
  },
  test: {
    prepare: withWork,
    argv: (id) => ['test', '-f', id],
    check: (s, id) => expect(s.snapshot(id).tested).toMatchObject({ exit: 0 }),
  },
  reopen: {
    prepare: async (s) => {
      const id = await withWork(s)
      await s.amp('remove', '-f', '-D', id)
      return id
    },
    argv: (id) => ['reopen', id],
    done: /is open/,
    check: async (s, id) => {
      expect(s.subjects(`main..${s.branch(id)}`)).toHaveLength(3)
      expect((await amp(s, 'iterate', id, '-m', 'echo 4 >a')).code).toBe(0)
    },
  },
  resolve: {
    prepare: async (s) => (await diverged(s)).id,
    argv: (id) => ['resolve', id, '--keep', 'HEAD'],
    done: /has not diverged|one head/,
    check: (s, id) => expect(s.snapshot(id).heads).toEqual([s.git('rev-parse', s.branch(id))]),
  },
  gc: {
    prepare: async (s) => {
      const id = await withWork(s)
      await s.amp('remove', '-f', id)
      await s.amp('undo')
      const over = await s.session('over')
      await s.amp('remove', over)
      return id
    },
    argv: () => ['gc', '--older-than', '0'],
    check: async (s, id) => {
      expect(s.git('for-each-ref', 'refs/amp-local/oplog')).toBe('')
      expect(s.git('for-each-ref', '--format=%(refname)', 'refs/amp/sessions')).toBe(`refs/amp/sessions/${id}`)
      expect((await amp(s, 'reopen', 'over')).code).toBe(0)
    },
  },
}

describe('killed at any git call, the same command does it', () => {
  it.each(Object.entries(cases))('%s', { timeout: 3_600_000 }, async (name, { prepare, argv, done, check }) => {
    for (let n = 2, isDone = false; !isDone; n += step) {
      const s = scene()
      const id = await prepare(s)
      const words = argv(id).map((word) => (word === 'HEAD' ? s.git('rev-parse', s.branch(id)) : word))
      const main = [s.git('rev-parse', 'main'), s.checkout()]
      isDone = await killedAt(s, n, ...words)
      const what = `${name} killed at git call ${n}`
      expect(s.git('fsck', '--no-dangling'), what).toBe('')
      expect([what, (await amp(s, 'list', '-a')).code]).toEqual([what, 0])
      const again = await amp(s, ...words)
      if (again.code !== 0) expect([what, again.stderr]).toEqual([what, expect.stringMatching(done ?? /^$/)])
      await check(s, id)
      expect([what, s.git('rev-parse', 'main'), s.checkout()]).toEqual([what, ...main])
      if (s.exists('', s.worktree(id))) expect([what, s.status(id)]).toEqual([what, ''])
      rmSync(s.root, { recursive: true, force: true })
    }
  })
})
