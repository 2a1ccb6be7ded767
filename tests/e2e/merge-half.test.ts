import { rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { bundle, run, thisMachine } from '../helpers/bundle.js'
import { type Scene, scene } from '../helpers/scene.js'

// Git is killed while it writes the files of the base: by a filter that it runs for one of them.

const amp = (s: Scene, ...argv: string[]) => s.ampWith({ host: thisMachine }, ...argv)

/** A session that changes files before and behind the one that is filtered, and work of the user's in the base's checkout. */
async function ready(...flags: string[]) {
  const s = scene()
  const filter = join(s.root, 'filter')
  writeFileSync(filter, '#!/bin/sh\nexec cat\n', { mode: 0o755 })
  s.git('config', 'filter.killer.smudge', filter)
  s.git('config', 'filter.killer.clean', 'cat')
  const begun = { '.gitattributes': 'm filter=killer\n', '.gitignore': 'ignored\n' }
  s.commit({ ...begun, b: 'b old\n', gone: '1\n', m: 'm old\n', own: '1\n', z: 'z old\n' })
  const id = await s.session('a')
  const script = `for f in b m z; do echo $f of the session >$f; done; rm gone; mkdir d; echo 1 >d/n; echo 1 >ignored; git add -f ignored`
  await s.iterate(id, script)
  s.write({ own: 'mine\n', staged: '1\n', untracked: '1\n' })
  s.git('add', 'staged')
  for (const flag of flags) s.git('update-index', flag, 'b')
  return { s, id, filter, before: look(s) }
}

const look = (s: Scene) => [
  s.git('rev-parse', 'main'),
  s.git('status', '--porcelain', '--ignored', '-uall'),
  s.git('ls-files', '--stage', '-v'),
  ...['b', 'm', 'z', 'own', 'staged', 'untracked'].map((file) => (s.exists(file) ? s.read(file) : '')),
]

/** From now on the filter leaves the file before half written, and kills the git that runs it for a verb, and more. */
function arm(s: Scene, filter: string, [verb, also = '']: readonly string[]): void {
  const half = `[ ! -f b ] || head -c 4 b >b.half; [ ! -f b.half ] || mv b.half b`
  const kill = `${half}; rm '${s.root}/armed'; ${also} kill -9 $PPID; exit 1`
  const isIt = `[ -f '${s.root}/armed' ] && tr '\\0' ' ' </proc/$PPID/cmdline | grep -q ' ${verb} '`
  writeFileSync(filter, `#!/bin/sh\nif ${isIt}; then ${kill}; fi\nexec cat\n`, { mode: 0o755 })
  s.write({ armed: '' }, s.root)
}

const gitAmp = 'kill -9 $(ps -o ppid= -p $PPID);'
const lock = (s: Scene) => join(s.dir, '.git/index.lock')

/** The lock that the killed git left is not a young one any more. */
const age = (s: Scene) => utimesSync(lock(s), 1, 1)

const merged = (s: Scene) => {
  expect(['b', 'm', 'z'].map((file) => s.read(file))).toEqual(['b', 'm', 'z'].map((one) => `${one} of the session\n`))
  expect([s.exists('gone'), s.read('d/n'), s.read('ignored')]).toEqual([false, '1\n', '1\n'])
  expect(s.git('status', '--porcelain')).toBe(' M own\nA  staged\n?? untracked')
}

describe('a git that is killed while it writes the files of the base', () => {
  it('leaves nothing of it there, and nothing of the user’s is touched', async () => {
    const { s, id, filter, before } = await ready()
    arm(s, filter, ['merge'])
    const answer = await amp(s, 'merge', '--keep', id)
    expect([answer.code, answer.stderr]).toEqual([1, expect.stringContaining('git merge was ended by SIGKILL in ')])
    expect([s.exists('armed', s.root), s.exists('.git/index.lock')]).toEqual([false, false])
    expect(look(s)).toEqual(before)
    expect((await amp(s, 'merge', '--keep', id)).code).toBe(0)
    merged(s)
    expect((await amp(s, 'undo')).code).toBe(0)
    expect(look(s)).toEqual(before)
  })

  it('together with git-amp: its lock is named first, and then all is put back before the next merge', async () => {
    const { s, id, filter, before } = await ready('--assume-unchanged')
    arm(s, filter, ['merge', gitAmp])
    expect((await run(s, [process.execPath, bundle(), 'merge', '--keep', id])).signal).toBe('SIGKILL')
    expect([s.git('status', '--porcelain'), s.read('b')]).toEqual([expect.stringContaining(' D gone\n'), 'b of'])
    age(s)
    const half = look(s)
    const locked = await amp(s, 'merge', '--keep', id)
    expect([locked.code, locked.stderr]).toEqual([
      128,
      `fatal: the index of the checkout in ${s.dir} is locked, and no git is at work there\n` +
        `hint: A git that was killed has left '${lock(s)}'.\n` +
        `hint: Make sure that no other program works there, then remove it: rm ${lock(s)}\n`,
    ])
    expect(look(s)).toEqual(half)
    rmSync(lock(s))
    expect((await amp(s, 'merge', '--keep', id, '-n')).stderr).toContain('git was killed while it wrote the files in')
    expect((await amp(s, 'rebase', id)).code).toBe(0)
    expect(look(s)).toEqual(before)
    expect((await amp(s, 'merge', '--keep', id)).code).toBe(0)
    merged(s)
  })

  it('is no reason to take what the user wrote there since', async () => {
    const { s, id, filter } = await ready()
    arm(s, filter, ['merge', gitAmp])
    expect((await run(s, [process.execPath, bundle(), 'merge', '--keep', id])).signal).toBe('SIGKILL')
    s.write({ z: 'mine\n', m: 'mine as well\n' })
    age(s)
    rmSync(lock(s))
    const answer = await amp(s, 'merge', '--keep', id)
    expect([answer.code, answer.stderr]).toEqual([1, expect.stringContaining('are in the way: m, z\n')])
    expect(['b', 'm', 'z', 'own', 'gone'].map((file) => s.read(file))).toEqual([
      'b old\n',
      'mine as well\n',
      'mine\n',
      'mine\n',
      '1\n',
    ])
  })

  it('for an undo is no reason to show the work reversed', async () => {
    const { s, id, filter, before } = await ready()
    expect((await amp(s, 'merge', '--keep', id)).code).toBe(0)
    arm(s, filter, ['read-tree', gitAmp])
    expect((await run(s, [process.execPath, bundle(), 'undo'])).signal).toBe('SIGKILL')
    expect(s.git('rev-parse', 'main')).toBe(before[0])
    age(s)
    expect((await amp(s, 'rebase', id)).stderr).toContain('is locked, and no git is at work there')
    rmSync(lock(s))
    expect((await amp(s, 'rebase', id)).code).toBe(0)
    expect(look(s)).toEqual(before)
  })
})
