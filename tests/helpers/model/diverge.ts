import { openRepo } from '../../../src/repo.js'
import { appendTo, readTip } from '../../../src/state/chain.js'
import { testHost } from '../host.js'
import type { Scene } from '../scene.js'

/** What comes of two clones that went on with a session at once: the chain has a commit of the other one, on the head before the last. @returns it */
export async function diverge(s: Scene, id: string): Promise<string | null> {
  const repo = await openRepo(testHost({ cwd: s.dir, env: s.env }))
  try {
    const tip = await readTip(repo, id)
    const [head, ...others] = tip?.snapshot.heads ?? []
    if (tip === null || head === undefined || others.length > 0 || tip.snapshot.rebasing !== undefined) return null
    const from = s.git('rev-parse', `${head}~`)
    const theirs = s.git('commit-tree', `${from}^{tree}`, '-p', from, '-m', 'Theirs')
    const event = { type: 'head.moved' as const, data: { from, to: theirs, cause: 'manual' as const } }
    const events = { tip, subject: 'theirs', events: [event], code: [theirs] }
    const prepared = await appendTo(repo, await repo.writer(), events)
    await repo.refs.update([prepared.change], 'test')
    return theirs
  } finally {
    repo.close()
  }
}
