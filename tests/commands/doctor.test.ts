import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Clones } from '../helpers/clones.js'
import { plain } from '../helpers/run.js'
import { type Scene, scene } from '../helpers/scene.js'

/** What is found wrong, by check. */
async function wrong(s: Scene): Promise<string[]> {
  const answer = await s.amp('doctor', '--json')
  const { findings, isSound } = JSON.parse(answer.stdout)
  const found = findings.filter((one: { isNote: boolean }) => !one.isNote).map((one: { check: string }) => one.check)
  expect([answer.code, isSound]).toEqual(found.length === 0 ? [0, true] : [1, false])
  return found
}

/** Finds one thing wrong, mends it, and finds nothing any more. */
async function mends(s: Scene, check: string): Promise<string> {
  const refs = s.refs()
  expect(await wrong(s)).toEqual([check])
  expect((await s.amp('doctor')).stderr).toContain('git amp doctor --fix')
  expect((await s.amp('doctor', '--fix', '-n')).code).toBe(1)
  expect(s.refs()).toBe(refs)
  const answer = await s.amp('doctor', '--fix')
  expect([answer.stdout, answer.code]).toEqual([expect.stringContaining(`mended: ${check}: `), 0])
  expect(await wrong(s)).toEqual([])
  return answer.stdout
}

async function worked(): Promise<{ s: Scene; id: string }> {
  const s = scene()
  const id = await s.session('a', { args: ['--test', 'true'] })
  await s.iterate(id, 'echo 1 >a')
  await s.iterate(id, 'echo 2 >b')
  return { s, id }
}

describe('git amp doctor', () => {
  it('finds nothing wrong with an iteration that changed nothing, nor with one that failed', async () => {
    const s = scene()
    const id = await s.session('a')
    await s.iterate(id, 'echo 1 >a')
    await s.iterate(id, 'true')
    await s.amp('iterate', id, '-m', 'exit 3')
    expect(await wrong(s)).toEqual([])
  })

  it('finds nothing where nothing is wrong', async () => {
    const { s, id } = await worked()
    expect(await s.amp('doctor')).toMatchObject({ code: 0, stdout: '', stderr: 'Everything is as it should be.\n' })
    for (const args of [
      ['squash', id, '-m', 'One'],
      ['undo'],
      ['rebase', id],
      ['pause', id],
      ['resume', id],
      ['merge', id],
      ['remove', id],
    ]) {
      await s.amp(...args)
      expect([args, await wrong(s)]).toEqual([args, []])
    }
  })

  it('writes lost notes again, the same tree as before', async () => {
    const { s, id } = await worked()
    const other = await s.session('other')
    await s.iterate(other, 'echo 1 >c')
    await s.amp('squash', id, '-m', 'One')
    await s.iterate(id, 'echo 3 >c')
    s.commit({ base: 'moved\n' }, 'Base')
    await s.amp('rebase', id)
    await s.iterate(id, 'echo 4 >d')
    await s.amp('undo')
    const tree = s.git('rev-parse', 'refs/notes/amp^{tree}')
    s.git('update-ref', '-d', 'refs/notes/amp')
    await mends(s, 'notes')
    expect(s.git('rev-parse', 'refs/notes/amp^{tree}')).toBe(tree)
  })

  it('records what the user did with plain git', async () => {
    const { s, id } = await worked()
    const mine = s.commit({ mine: '1\n' }, 'Mine', s.worktree(id))
    await mends(s, 'branches')
    expect(s.snapshot(id).heads).toEqual([mine])
    s.gitAt(s.worktree(id), 'commit', '-q', '--amend', '-m', 'Amended')
    await mends(s, 'branches')
    expect(s.events(id).filter((type) => type === 'head.moved').length).toBe(2)
  })

  it('finds a worktree that was moved, and a repository that was', async () => {
    const { s, id } = await worked()
    renameSync(s.worktree(id), join(s.dir, '.worktrees', 'elsewhere'))
    await mends(s, 'worktrees')
    expect(s.gitAt(join(s.dir, '.worktrees', 'elsewhere'), 'status', '--porcelain')).toBe('')
    expect((await s.amp('path', id)).stdout.trim()).toBe(join(s.dir, '.worktrees', 'elsewhere'))
    rmSync(join(s.dir, '.worktrees', 'elsewhere'), { recursive: true })
    const gone = await s.amp('doctor')
    expect(gone.code).toBe(0)
    expect(gone.stdout).toContain('note: worktrees: ')
    mkdirSync(join(s.dir, '.worktrees', 'aaaaaaaaaaaa'))
    expect((await s.amp('doctor')).stdout).toContain('is no worktree of this repository')
  })

  it('takes up a killed iteration, and what another one left', async () => {
    const { s, id } = await worked()
    await s.interrupted(id, { left: 'work\n' })
    const open = s.snapshot(id).open[0]?.iteration ?? ''
    const lease = {
      session: id,
      pid: 999_999_999,
      start: '1',
      host: 'test-host',
      boot: 'test-boot',
      at: '2026-01-01T00:00:00Z',
    }
    const leases = join(s.dir, '.git', 'amp', 'leases')
    for (const iteration of [open, 'aaaaaaaaaaaa'])
      writeFileSync(join(leases, `${iteration}.json`), JSON.stringify({ ...lease, iteration }))
    expect(await wrong(s)).toEqual(['leases', 'leases'])
    expect((await s.amp('doctor', '--fix')).code).toBe(0)
    expect(await wrong(s)).toEqual([])
    expect(s.snapshot(id).open).toEqual([])
    expect(s.git('show', `${s.branch(id)}:left`)).toBe('work')
  })

  it('names a broken history, lists the rest, and takes the copy of a remote when it is whole', async () => {
    const world = new Clones()
    const home = world.home()
    const [id, other] = [await home.session('one'), await home.session('other')]
    await home.must('sync')
    const before = home.git('rev-parse', `refs/amp/sessions/${id}`)
    await home.must('iterate', id, '-m', 'echo 1 >a')
    const tip = home.git('rev-parse', `refs/amp/sessions/${id}`)
    rmSync(join(home.dir, '.git', 'objects', tip.slice(0, 2), tip.slice(2)))
    const found = await home.amp('doctor')
    expect(found.code).toBe(1)
    expect(plain(found.stdout, world.scene.root)).toMatch(
      /^wrong: chains: the history of session <id> is broken: .*missing\n {2}--fix: take the copy of origin/,
    )
    expect((await home.amp('list')).stdout).toContain('other')
    expect((await home.amp('doctor', '--fix')).stdout).toContain('mended: chains')
    // And the commit of the lost iteration is the session's again, by its branch.
    expect(home.git('rev-parse', `refs/amp/sessions/${id}^`)).toBe(before)
    expect(home.snapshot(id).heads).toEqual([home.git('rev-parse', home.snapshot(id).branch)])
    // Without a copy only the user can decide.
    const lost = home.git('rev-parse', `refs/amp/sessions/${other}`)
    home.git('update-ref', '-d', `refs/amp-local/remotes/origin/sessions/${other}`)
    rmSync(join(home.dir, '.git', 'objects', lost.slice(0, 2), lost.slice(2)))
    const alone = await home.amp('doctor', '--fix')
    expect(alone.code).toBe(1)
    expect(alone.stdout).toContain(`git update-ref -d refs/amp/sessions/${other}`)
  })

  it('keeps what can still be read of a broken history when it takes a copy', async () => {
    const home = new Clones().home()
    const id = await home.session('one')
    await home.must('sync')
    const ref = `refs/amp/sessions/${id}`
    const copied = home.git('rev-parse', ref)
    await home.must('label', id, 'lost')
    const lost = home.git('rev-parse', ref)
    await home.must('label', id, 'kept')
    const tip = home.git('rev-parse', ref)
    rmSync(join(home.dir, '.git', 'objects', lost.slice(0, 2), lost.slice(2)))
    expect((await home.amp('doctor', '--fix')).stdout).toContain('mended: chains')
    expect(home.git('rev-parse', ref, `refs/amp-local/broken/${id}`)).toBe(`${copied}\n${tip}`)
    expect((await home.amp('list')).code).toBe(0)
  })

  it('mends the exclude line, and moves locks aside that nobody holds', async () => {
    const { s } = await worked()
    const exclude = join(s.dir, '.git', 'info', 'exclude')
    writeFileSync(exclude, readFileSync(exclude, 'utf8').replace('/.worktrees/\n', ''))
    await mends(s, 'exclude')
    expect(s.git('status', '--porcelain')).toBe('')
    const lock = join(s.dir, '.git', 'packed-refs.lock')
    appendFileSync(lock, '')
    expect(await wrong(s)).toEqual([])
    utimesSync(lock, 1, 1)
    await mends(s, 'locks')
    expect(s.exists('.git/packed-refs.lock')).toBe(false)
  })

  it('names what is around the repository and not as it should be', async () => {
    const { s, id } = await worked()
    s.git('config', 'core.hooksPath', 'hooks')
    expect(await wrong(s)).toEqual(['hooks'])
    s.git('config', '--unset', 'core.hooksPath')
    const early = await s.ampWith({ now: () => new Date('2001-01-01T00:00:00Z') }, 'doctor')
    expect(early.stdout).toContain('wrong: clock: ')
    const claude = await s.session('c')
    expect(claude).not.toBe(id)
    s.program(
      'git',
      `case "$*" in *" version") echo "git version 2.30.0";; *) PATH='${s.env.PATH}' exec git "$@";; esac`,
    )
    expect((await s.amp('doctor')).stdout).toContain('wrong: git: git version 2.30.0 is too old')
  })
})

describe('git amp doctor, around one person', () => {
  /** Notes by check, and what is fine. */
  async function around(s: Scene): Promise<{ notes: Record<string, string[]>; fine: string[] }> {
    const { findings, fine, isSound } = JSON.parse((await s.amp('doctor', '--json')).stdout)
    expect(isSound).toBe(true)
    const notes = findings.map(({ check, message, hints }: { check: string; message: string; hints: string[] }) => {
      return [check, [message, ...hints]]
    })
    return { notes: Object.fromEntries(notes), fine }
  }

  it('names what is missing with the next step, and is calm about the rest', async () => {
    const s = scene()
    s.env.SHELL = '/bin/zsh'
    s.write({ '.bashrc': '' }, s.root)
    const before = await around(s)
    expect(before.notes.completions).toEqual([
      'bash, zsh: no completions of git-amp are installed',
      'Install them: git amp install --completions',
    ])
    expect(before.notes.man).toEqual(['the manual pages are not installed', 'Install them: git amp install --man'])
    await s.amp('install', '--completions', '--man', '-f', '-q')
    const looks = await around(s)
    expect(looks.fine).toContain('completions for bash, zsh')
    expect(looks.notes.man?.[1]).toBe(
      `Put this where your shell starts: export MANPATH="${join(s.root, '.local/share/man')}:$MANPATH"`,
    )
    s.env.PATH = `${s.env.PATH}:${join(s.root, '.local/bin')}`
    expect((await around(s)).fine).toEqual(expect.arrayContaining(['completions for bash, zsh', 'manual pages']))
    const old = '# Written by "git amp install"; the SHA-256 of the lines above begins with e3b0c44298fc1c14.\n'
    s.write({ '.local/share/bash-completion/completions/git-amp': old }, s.root)
    expect((await around(s)).notes.completions?.[0]).toBe('the completions of bash are of another git-amp')
    s.write({ '.local/share/bash-completion/completions/git-amp': 'mine\n' }, s.root)
    expect((await around(s)).notes.completions?.[0]).toContain('there is a file of yours')
  })

  it('looks at the agents', async () => {
    const s = scene()
    const few = join(s.root, 'few')
    mkdirSync(few)
    for (const name of ['git', 'sh', 'uname'])
      symlinkSync(execFileSync('which', [name], { encoding: 'utf8' }).trim(), join(few, name))
    s.env.PATH = few
    expect((await around(s)).notes.agents?.[0]).toBe('no coding agent is installed here')
    s.git('config', 'amp.agent', 'shell')
    expect((await around(s)).fine).toContain('agents shell')
    s.git('config', 'amp.agent', 'claude')
    s.git('config', 'amp.agent.mine.command', '/bin/cat')
    expect((await around(s)).notes.agents).toEqual([
      "the agent of new sessions, claude, cannot be used: no 'claude' on PATH",
      'Take another: git config amp.agent mine',
      '"git amp agents" lists all, with what to do.',
    ])
  })

  it('looks at the terminal, and without one at nothing of it', async () => {
    const s = scene()
    expect((await s.amp('doctor')).stdout).toBe('')
    s.git('config', 'amp.agent', 'shell')
    s.env.TERM = 'xterm'
    s.env.LC_ALL = 'C.UTF-8'
    const fine = await s.ampWith({ isTerminal: true }, 'doctor')
    expect(fine.stderr).toMatch(/As they should be: .*terminal\.\n$/)
    s.env.LC_ALL = 'C'
    const poor = await s.ampWith({ isTerminal: true }, 'doctor')
    expect(poor.stdout).toContain('note: terminal: the locale is C: ')
    s.env.TERM = 'dumb'
    expect((await s.ampWith({ isTerminal: true }, 'doctor')).stdout).toContain('note: terminal: TERM is dumb')
    expect(poor.code).toBe(0)
  })
})
