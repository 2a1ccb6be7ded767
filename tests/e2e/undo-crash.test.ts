import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { thisMachine } from '../helpers/bundle.js'
import { killedAt } from '../helpers/kill-at.js'
import { type Scene, scene } from '../helpers/scene.js'
import { standing } from '../helpers/standing.js'

/** Every git call in the soak, each ninth in the normal run. */
const step = process.env.KILL_ROUNDS === undefined ? 9 : 1

/** A session with two iterations and uncommitted work. */
async function worked(): Promise<{ s: Scene; id: string; before: string }> {
  const s = scene()
  const id = await s.session('a')
  await s.iterate(id, 'echo 1 >a; echo 1 >b')
  await s.iterate(id, 'echo 2 >a; echo 1 >c')
  s.write({ b: 'mine', untracked: '1' }, s.worktree(id))
  s.gitAt(s.worktree(id), 'add', 'b')
  s.write({ b: 'mine, and more' }, s.worktree(id))
  return { s, id, before: standing(s, s.worktree(id)) }
}

const look = (s: Scene, id: string) => ({ status: s.snapshot(id).status, standing: standing(s, s.worktree(id)) })

const cases: Record<
  string,
  { prepare?: (s: Scene) => Promise<void>; argv: string[]; finish: (s: Scene) => Promise<void> }
> = {
  pause: {
    argv: ['pause', 'a'],
    finish: async (s) => {
      await s.amp('resume', 'a')
    },
  },
  resume: {
    prepare: async (s) => {
      await s.amp('pause', 'a')
    },
    argv: ['resume', 'a'],
    finish: async (s) => {
      await s.amp('resume', 'a')
    },
  },
  'resume without the trash': {
    prepare: async (s) => {
      await s.amp('pause', 'a')
      rmSync(join(s.dir, '.git/amp/trash'), { recursive: true })
    },
    argv: ['resume', 'a'],
    finish: async (s) => {
      await s.amp('resume', 'a')
    },
  },
  remove: {
    argv: ['remove', '-f', '-D', 'a'],
    finish: async (s) => {
      await s.amp('remove', '-f', '-D', 'a')
      const commands = async () => (await s.amp('oplog', '-n1', '--format', '%(command)%(undone)')).stdout
      for (let n = 0; n < 2 && (await s.show('a')).session.state === 'closed'; n++) await s.amp('undo')
      expect(await commands()).toBe('undo\n')
    },
  },
  'undo of an iteration': {
    prepare: async (s) => {
      await s.amp('iterate', 'a', '-m', 'echo 3 >a; rm b; echo x >untracked')
      await s.amp('undo')
    },
    argv: ['undo'],
    finish: async (s) => {
      // The commit of the edits was to be undone: after it only the iteration before it is left.
      const { stdout } = await s.amp('oplog', '--format', '%(command)%(undone)')
      if (stdout.split('\n').filter((line) => line === 'undo').length < 2) await s.amp('undo')
      else await s.amp('rebase', 'a')
    },
  },
}

describe('killed at any git call, and finished by the next command', () => {
  it.each(Object.entries(cases))('%s', { timeout: 600_000 }, async (...[, { prepare, argv, finish }]) => {
    for (let n = 1, isDone = false; !isDone; n += step) {
      const { s, id, before } = await worked()
      const expected = look(s, id)
      await prepare?.(s)
      isDone = await killedAt(s, n, ...argv)
      await finish(s)
      expect(look(s, id), `killed at git call ${n}`).toEqual({ ...expected, standing: before })
      expect(s.git('fsck', '--connectivity-only', '--no-dangling'), `killed at git call ${n}`).toBe('')
      rmSync(s.root, { recursive: true, force: true })
    }
  })

  it('undo of a merge whose base is checked out', { timeout: 600_000 }, async () => {
    for (let n = 1, isDone = false; !isDone; n += step) {
      const s = scene()
      const id = await s.session('a')
      await s.iterate(id, 'echo 1 >a; echo 1 >b')
      const before = s.checkout()
      await s.amp('merge', '--keep', id)
      isDone = await killedAt(s, n, 'undo')
      const isUndone = s.git('rev-parse', 'main') === s.git('rev-parse', `${s.branch(id)}~`)
      const amp = (...argv: string[]) => s.ampWith({ host: thisMachine }, ...argv)
      const answer = isUndone ? await amp('squash', id, '-m', 'One') : await amp('undo')
      expect(answer.code, `killed at git call ${n}: ${answer.stderr}`).toBe(0)
      expect(s.checkout(), `killed at git call ${n}`).toBe(before)
      expect(s.git('status', '--porcelain')).toBe('')
      rmSync(s.root, { recursive: true, force: true })
    }
  })
})
