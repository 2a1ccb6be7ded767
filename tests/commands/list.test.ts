import { rmSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { plain } from '../helpers/run.js'
import { scene } from '../helpers/scene.js'

describe('git amp list', () => {
  it('shows the open sessions, the one that changed last first; bare git amp is the same', async () => {
    const s = scene()
    const at = (time: string) => ({ now: () => new Date(time) })
    const add = (time: string, name: string, prompt: string) =>
      s.ampWith(at(time), 'new', name, '-m', prompt, '--agent', 'shell')
    await add('2026-01-01T10:00:00Z', 'older', 'echo 1 >a; echo 2 >>a')
    await add('2026-01-03T10:00:00Z', 'newer', 'true')
    await add('2026-01-02T10:00:00Z', 'failing', 'exit 2')
    await s.ampWith(at('2026-01-03T09:00:00Z'), 'iterate', 'failing')
    await s.ampWith(at('2026-01-03T11:00:00Z'), 'iterate', 'older')
    const list = await s.ampWith(at('2026-01-03T12:00:00Z'), 'list')
    expect(list.code).toBe(0)
    expect(
      list.stdout.replace(/[0-9a-z]{4}(?= {2})/, '....').replace(/^(.) [0-9a-z]{4}/gm, '$1 ....'),
    ).toMatchInlineSnapshot(`
      "  ....  older    idle    iter 1  +2  -0  60 minutes ago  echo 1 >a; echo 2 >>a
        ....  newer    idle    iter 0  +0  -0  2 hours ago     true
      ! ....  failing  failed  iter 1  +0  -0  3 hours ago     exit 2
      "
    `)
    expect((await s.ampWith(at('2026-01-03T12:00:00Z'))).stdout).toBe(list.stdout)
    const names = async (...args: string[]) =>
      (await s.amp('list', '--format', '%(slug)', ...args)).stdout.trim().split('\n').join(' ')
    expect(await names()).toBe('older newer failing')
    expect(await names('--sort', 'name')).toBe('failing newer older')
    expect(await names('--sort=-name')).toBe('older newer failing')
    expect(await names('--sort', 'created')).toBe('newer failing older')
    expect(await names('--state', 'failed')).toBe('failing')
    expect(await names('-n2')).toBe('older newer')
    expect(await s.amp('list', '--sort', 'size')).toMatchInlineSnapshot(`
      {
        "code": 129,
        "stderr": "error: cannot sort by 'size'
      hint: Sort by updated, created, name, state.
      usage: git amp list [<options>]
      ",
        "stdout": "",
      }
    `)
    expect((await s.amp('list', '-n', 'many')).code).toBe(129)
  })

  it('says what to do when there is nothing to show', async () => {
    const s = scene()
    expect(await s.amp('list')).toMatchInlineSnapshot(`
      {
        "code": 0,
        "stderr": "hint: There are no sessions. Start one with "git amp new -m '<prompt>'".
      ",
        "stdout": "",
      }
    `)
    const id = await s.session('a')
    await s.iterate(id, 'echo 1 >a')
    await s.amp('merge', id)
    expect(plain((await s.amp('list')).stderr, s.root)).toMatchInlineSnapshot(`
      "hint: There are no open sessions; "git amp list -a" shows 1 other.
      "
    `)
    expect((await s.amp('list', '-q')).stderr).toBe('')
    s.git('config', 'advice.ampEmpty', 'false')
    expect((await s.amp('list')).stderr).toBe('')
    expect(await s.amp('list', '--json')).toMatchObject({ code: 0, stdout: expect.stringContaining('"sessions": []') })
  })

  it('marks the session of this worktree', async () => {
    const s = scene()
    const id = await s.session('a')
    await s.session('b')
    const { stdout } = await s.ampAt(s.worktree(id), 'list')
    expect(stdout.split('\n').filter((line) => line.startsWith('*'))).toEqual([expect.stringContaining(` a `)])
  })

  it('names a broken session and shows the others', async () => {
    const s = scene()
    const [good, bad] = [await s.session('good'), await s.session('bad')]
    const oid = s.git('rev-parse', `refs/amp/sessions/${bad}`)
    rmSync(`${s.dir}/.git/objects/${oid.slice(0, 2)}/${oid.slice(2)}`)
    s.git('update-ref', 'refs/amp/sessions/notours00000', 'main')
    const list = await s.amp('list')
    expect(list.code).toBe(1)
    expect(list.stdout).toContain(good.slice(0, 4))
    expect(list.stdout.trim().split('\n')).toHaveLength(1)
    expect(list.stderr).toContain(`warning: refs/amp/sessions/${bad} cannot be read: `)
    expect(list.stderr).toContain('warning: refs/amp/sessions/notours00000 cannot be read: ')
    const show = await s.amp('show', bad)
    expect(show.code).toBe(128)
    expect(plain(show.stderr, s.root)).toMatch(
      /^fatal: refs\/amp\/sessions\/<id> is broken: .*\nhint: .*git update-ref -d/s,
    )
  })

  it('shows control characters escaped', async () => {
    const s = scene()
    await s.amp('new', '-m', 'a\u001b]0;evil\u0007b\u202e', '--agent', 'shell')
    for (const args of [['list'], ['show', 'a-0-evil-b'], ['log', 'a-0-evil-b']]) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not be there
      expect((await s.amp(...args)).stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f\u202e]/)
    }
  })

  it('refuses states, numbers and forms that there are not', async () => {
    const s = scene()
    const refused = async (...argv: string[]) => {
      const { code, stderr } = await s.amp(...argv)
      return [code, stderr.split('usage:')[0]]
    }
    expect(await refused('list', '--state', 'foo')).toEqual([
      129,
      "error: unknown state 'foo'\nhint: The states are idle, running, waiting, interrupted, failed, diverged, conflict, review, paused, merged, closed.\n",
    ])
    expect(await refused('list', '-n', 'x')).toEqual([129, "error: --max-count takes a number, not 'x'\n"])
    expect(await refused('list', '-z')).toEqual([129, 'error: -z goes with --porcelain or --format only\n'])
    const both = 'error: --json and --porcelain cannot be used together\n'
    expect(await refused('list', '--json', '--porcelain')).toEqual([129, both])
    const id = await s.session('a')
    expect(await refused('log', id, '--json', '--porcelain')).toEqual([129, both])
  })

  it('says where an option of git belongs', async () => {
    const s = scene()
    expect(await s.amp('-C', 'dir', 'list')).toEqual({
      code: 129,
      stdout: '',
      stderr: 'error: \'-C\' is an option of git\nhint: Write it before "amp": "git -C <dir> amp ...".\n',
    })
  })
})
