import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { scene } from '../helpers/scene.js'

const day = 86_400_000
const inDays = (days: number) => ({ host: { now: () => new Date(Date.now() + days * day) } })

describe('git amp gc', () => {
  it('lets go of what is older than 90 days, and of nothing else', async () => {
    const s = scene()
    const id = await s.session('a')
    await s.iterate(id, 'echo 1 >a')
    await s.amp('remove', '-f', '-D', id)
    const trash = join(s.dir, '.git/amp/trash')
    const other = await s.session('b')
    await s.amp('pause', other)
    expect(readdirSync(trash)).toHaveLength(2)
    const refs = s.refs()
    expect((await s.amp('gc', '-n')).stdout).toBe(
      'would archive 1 session\nwould let go of 0 operations and 0 worktrees in the trash\n',
    )
    expect(s.refs()).toBe(refs)
    expect((await s.amp('gc')).stdout).toBe('archived 1 session\nlet go of 0 operations and 0 worktrees in the trash\n')
    const packed = s.refs()
    expect(JSON.parse((await s.amp('gc', '--json')).stdout)).toMatchObject({ operations: { gone: 0, kept: 5 } })
    const dry = await s.ampWith(inDays(91), 'gc', '-n')
    expect(dry.stdout).toBe('would archive 0 sessions\nwould let go of 5 operations and 1 worktree in the trash\n')
    expect([s.refs(), readdirSync(trash).length]).toEqual([packed, 2])
    const young = await s.ampWith(inDays(80), 'new', 'c', '--agent', 'shell', '-m', 'echo 1 >c')
    await s.ampWith(inDays(81), 'iterate', young.stdout.trim())
    const head = s.git('rev-parse', s.branch(young.stdout.trim()))
    const gone = await s.ampWith(inDays(95), 'gc', '--json')
    expect(JSON.parse(gone.stdout)).toMatchObject({
      schema: 'git-amp/gc@1',
      operations: { gone: 5, kept: 2 },
      trash: { gone: [{ session: id }], kept: 1 },
    })
    expect(readdirSync(trash)).toEqual([expect.stringContaining(other)])
    expect((await s.amp('oplog', '--format', '%(command)')).stdout).toBe('iterate\nnew\n')
    expect((await s.amp('undo')).code).toBe(0)
    expect(s.git('cat-file', '-t', head)).toBe('commit')
    expect((await s.amp('resume', other)).code).toBe(0)
    expect((await s.amp('show', id)).code).toBe(0)
    expect(s.git('fsck', '--connectivity-only', '--no-dangling')).toBe('')
    const all = await s.ampWith(inDays(200), 'gc', '--older-than', '0')
    expect(all.stdout).toContain('let go of 4 operations and')
    expect((await s.amp('oplog')).stderr).toContain('Nothing is recorded here yet.')
    expect((await s.amp('gc', '--older-than', 'soon')).code).toBe(129)
  })

  it('takes away what is kept of the setup of sessions that are over', async () => {
    const s = scene()
    s.git('config', 'amp.setup', 'echo ready')
    const [over, open] = [await s.session('a'), await s.session('b')]
    await s.amp('remove', '-f', '-D', over)
    const kept = () => readdirSync(join(s.dir, '.git/amp/setup')).map((name) => name.slice(0, 12))
    await s.amp('gc')
    expect(new Set(kept())).toEqual(new Set([over, open]))
    await s.ampWith(inDays(91), 'gc')
    expect(new Set(kept())).toEqual(new Set([open]))
  })
})
