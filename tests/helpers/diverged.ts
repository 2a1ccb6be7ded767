import { openRepo } from '../../src/repo.js'
import { appendTo, readTip } from '../../src/state/chain.js'
import { testHost } from './host.js'
import type { Scene } from './scene.js'

/** A session with an iteration here, and a commit on its first one that came from another clone. */
export async function diverged(s: Scene): Promise<{ id: string; ours: string; theirs: string }> {
  const id = await s.session('a')
  await s.iterate(id, 'echo 1 >a')
  const start = s.git('rev-parse', s.branch(id))
  await s.iterate(id, 'echo ours >b')
  const ours = s.git('rev-parse', s.branch(id))
  s.git('checkout', '-q', '--detach', start)
  const theirs = s.commit({ c: 'theirs\n' }, 'Theirs')
  s.git('checkout', '-q', 'main')
  const repo = await openRepo(testHost({ cwd: s.dir, env: s.env }))
  const tip = await readTip(repo, id)
  if (tip === null) throw new Error('missing')
  const event = { type: 'head.moved' as const, data: { from: start, to: theirs, cause: 'manual' as const } }
  const prepared = await appendTo(repo, await repo.writer(), {
    tip,
    subject: 'theirs',
    events: [event],
    code: [theirs],
  })
  await repo.refs.update([prepared.change], 'test')
  repo.close()
  return { id, ours, theirs }
}
