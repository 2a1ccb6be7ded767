import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { thisMachine } from '../helpers/bundle.js'
import { killedAt } from '../helpers/kill-at.js'
import { type Scene, scene } from '../helpers/scene.js'
import { standing } from '../helpers/standing.js'

/** Every git call in the soak, a sample in the normal run. */
const step = process.env.KILL_ROUNDS === undefined ? 71 : 1

/** A session that is to be squashed, rebased, tested, merged, cleaned up and pushed. */
async function ready() {
  const s = scene()
  s.gitAt(s.root, 'clone', '-q', '--bare', 'repo', 'origin')
  s.git('remote', 'add', 'origin', join(s.root, 'origin'))
  s.git('push', '-q', '-u', 'origin', 'main')
  const id = await s.session('a', { args: ['--test', 'test -f a'] })
  await s.iterate(id, 'echo 1 >a')
  s.commit({ mine: '1\n' }, 'Mine', s.worktree(id))
  await s.iterate(id, 'echo 2 >a; ln -s a link')
  s.commit({ up: '1\n' }, 'Upstream')
  return { s, id, wt: s.worktree(id) }
}

const merge = ['merge', 'a', '--squash', '-m', 'All', '--push']
const amp = (s: Scene, ...argv: string[]) => s.ampWith({ host: thisMachine }, ...argv)
const branches = (s: Scene) => s.git('for-each-ref', '--format=%(refname) %(objectname)', 'refs/heads')

/** Everything that a merge touches. */
const look = (s: Scene, id: string) => [
  branches(s),
  s.checkout(),
  existsSync(s.worktree(id)) ? standing(s, s.worktree(id)) : '',
  s.snapshot(id).heads,
  s.snapshot(id).status,
]

describe('kill -9 at any call of git in a merge', () => {
  it('leaves what goes on: the same command, or --continue', async () => {
    for (let n = 3, isDone = false; !isDone; n += step) {
      const { s, id, wt } = await ready()
      isDone = await killedAt(s, n, ...merge)
      expect([n, s.git('fsck', '--no-dangling')]).toEqual([n, ''])
      const goesOn = await amp(s, 'merge', '--continue', id)
      if (goesOn.code !== 0) {
        expect([n, goesOn.stderr]).toEqual([n, expect.stringContaining('no merge of session a is in progress')])
        const again = await amp(s, ...merge)
        expect([n, again.code, again.stderr]).toEqual([n, 0, expect.any(String)])
      }
      expect([n, s.subjects('main~3..main')]).toEqual([n, ['Upstream', 'All', 'Mine']])
      expect([n, s.git('status', '--porcelain'), s.read('a'), s.read('mine'), s.read('up')]).toEqual([
        n,
        '',
        '2\n',
        '1\n',
        '1\n',
      ])
      expect([n, existsSync(wt), s.snapshot(id).status, s.git('branch', '--list', 'amp/*')]).toEqual([
        n,
        false,
        'merged',
        '',
      ])
      expect([n, s.gitAt(join(s.root, 'origin'), 'rev-parse', 'main')]).toEqual([n, s.git('rev-parse', 'main')])
      rmSync(s.root, { recursive: true, force: true })
    }
  }, 3_600_000)

  it('leaves what --abort or undo takes back', async () => {
    for (let n = 9, isDone = false; !isDone; n += step) {
      const { s, id } = await ready()
      const before = look(s, id)
      isDone = await killedAt(s, n, ...merge)
      await amp(s, 'list')
      const aborted = await amp(s, 'merge', '--abort', id)
      const operations = async () => (await amp(s, 'oplog', '--format', '%(command)%(undone)')).stdout.split('\n')
      if (aborted.code !== 0) {
        expect([n, aborted.stderr]).toEqual([n, expect.stringContaining('no merge of session a is in progress')])
        if ((await operations())[0] === 'merge') {
          const undone = await amp(s, 'undo')
          expect([n, undone.code, undone.stderr]).toEqual([n, 0, expect.any(String)])
        }
      }
      expect([n, look(s, id)]).toEqual([n, before])
      expect([n, s.git('fsck', '--no-dangling')]).toEqual([n, ''])
      rmSync(s.root, { recursive: true, force: true })
    }
  }, 3_600_000)

  it('leaves an undo of it that goes on', async () => {
    for (let n = 5, isDone = false; !isDone; n += step) {
      const { s, id } = await ready()
      const before = look(s, id)
      expect((await amp(s, 'merge', 'a', '--squash', '-m', 'All')).code).toBe(0)
      isDone = await killedAt(s, n, 'undo')
      const last = (await amp(s, 'oplog', '--format', '%(command)%(undone)')).stdout.split('\n')
      if (!last.includes('mergeyes')) {
        const answer = await amp(s, 'undo')
        expect([n, answer.code, answer.stderr]).toEqual([n, 0, expect.any(String)])
      } else await amp(s, 'merge', 'a', '-n')
      expect([n, look(s, id)]).toEqual([n, before])
      rmSync(s.root, { recursive: true, force: true })
    }
  }, 3_600_000)
})
