import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { plain } from '../helpers/run.js'
import { type Scene, scene } from '../helpers/scene.js'

/** The session that a word names, as `path` finds it; the error otherwise. */
async function found(s: Scene, word: string | null, cwd = s.dir): Promise<string> {
  const answer = await s.ampAt(cwd, 'show', ...(word === null ? [] : [word]), '--json')
  return answer.code === 0 ? JSON.parse(answer.stdout).session.id : plain(answer.stderr, s.root)
}

describe('a session is named by', () => {
  it('id, prefix, slug, name, branch, worktree path, @, - or nothing', async () => {
    const s = scene()
    const first = await s.session('First One')
    const second = await s.session('second')
    await s.iterate(first, 'mkdir sub; echo 1 >sub/a')
    await s.iterate(second, 'echo 1 >a')
    const branch = s.branch(first)
    const inside = s.worktree(first)
    for (const word of [
      first,
      first.slice(0, 4),
      first.slice(0, 7),
      'first-one',
      'First One',
      branch,
      `refs/heads/${branch}`,
      inside,
      `.worktrees/${first}`,
    ]) {
      expect([word, await found(s, word)]).toEqual([word, first])
    }
    // Outside of a session's worktree the one used last is the previous one.
    expect(await found(s, '-')).toBe(second)
    expect((await s.amp('path', '-')).stderr).toBe(`hint: "-" is ${second.slice(0, 4)}, second.\n`)
    for (const word of ['@', null, '.']) {
      expect([word, await found(s, word, inside)]).toEqual([word, first])
      expect([word, await found(s, word, join(inside, 'sub'))]).toEqual([word, first])
    }
    expect(await found(s, '-', inside)).toBe(second)
    expect(await found(s, '-', s.worktree(second))).toBe(first)
    expect(await found(s, second, inside)).toBe(second)
    expect(await found(s, null)).toMatchInlineSnapshot(`
      "fatal: no session given, and this is not the worktree of one
      hint: Name a session: "git amp list" shows them.
      "
    `)
    expect(await found(s, '@')).toMatch(/^fatal: this is not the worktree of a session\n/)
    expect(await found(s, 'nowhere')).toMatchInlineSnapshot(`
      "fatal: no session 'nowhere'
      hint: "git amp list -a" shows all sessions.
      "
    `)
    expect(await found(s, first.slice(0, 3))).toMatch(/^fatal: no session '/)
    expect(await found(s, '.')).toMatch(/^fatal: no session '\.'/)
  })

  it('a prefix only when no other session has it; the candidates are shown', async () => {
    const s = scene()
    const id = await s.session('a')
    const twin = `${id.slice(0, 6)}${id[6] === 'x' ? 'y' : 'x'}zzzz0`
    s.git('update-ref', `refs/amp/sessions/${twin}`, `refs/amp/sessions/${id}`)
    expect(await found(s, id.slice(0, 7))).toBe(id)
    const answer = await s.amp('path', id.slice(0, 5))
    expect(answer.code).toBe(128)
    expect(answer.stderr).toMatch(
      new RegExp(
        `^fatal: session id '${id.slice(0, 5)}' is ambiguous\nhint: The candidates are:\n(hint: +(${id}|${twin}) a +true\n){2}$`,
      ),
    )
    expect((await s.amp('list')).stdout).toContain(` ${id.slice(0, 7)} `)
  })

  it('a name that several have, and then it says which one it took, the same in every run', async () => {
    const s = scene()
    const now = () => new Date('2026-01-02T03:04:05Z')
    const ids: string[] = []
    for (let count = 0; count < 11; count++)
      ids.push((await s.ampWith({ now }, 'new', 'dup', '-m', 'true', '--agent', 'shell', '-q')).stdout.trim())
    const answer = await s.amp('path', 'dup')
    expect(answer).toEqual({
      code: 0,
      stdout: `${s.worktree(ids[10] ?? '')}\n`,
      stderr: `hint: 11 open sessions are called dup; this is ${ids[10]?.slice(0, 4)}, made last.\n`,
    })
    s.git('config', 'advice.ampName', 'false')
    expect((await s.amp('path', 'dup')).stderr).toBe('')
  })

  it('a name, and then the newest open one is meant', async () => {
    const s = scene()
    const at = (hour: number) => ({ now: () => new Date(`2026-01-01T0${hour}:00:00Z`) })
    const make = async (hour: number) =>
      (await s.ampWith(at(hour), 'new', 'same', '-m', 'echo 1 >a', '--agent', 'shell')).stdout.trim()
    const [older, newer] = [await make(1), await make(2)]
    expect(await found(s, 'same')).toBe(newer)
    await s.ampWith(at(3), 'iterate', newer)
    await s.ampWith(at(4), 'merge', newer)
    expect(await found(s, 'same')).toBe(older)
  })

  it('nothing in a worktree made by hand on its branch', async () => {
    const s = scene()
    const id = await s.session('a')
    s.git('worktree', 'remove', s.worktree(id))
    const own = join(s.root, 'own')
    s.git('worktree', 'add', '-q', own, s.branch(id))
    expect(await found(s, null, own)).toBe(id)
    expect((await s.ampAt(own, 'iterate', '-m', 'echo 1 >a')).code).toBe(0)
    expect(s.read('a', own)).toBe('1\n')
  })
})
