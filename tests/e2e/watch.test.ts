import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { watchSessions } from '../../src/actions/watch.js'
import { openRepo } from '../../src/repo.js'
import { install } from '../helpers/bundle.js'
import { testHost } from '../helpers/host.js'
import { type Scene, scene } from '../helpers/scene.js'
import { Terminal } from '../helpers/terminal.js'

let s: Scene
beforeEach(async () => {
  s = install(scene())
  s.commit({ a: '1\n' })
  await s.session('first')
})

const start = (options = {}) => new Terminal(s, `tty; git amp list --watch; echo "ended $?"; stty -a`, options)

describe('git amp list --watch', () => {
  it('shows what changes, draws that alone, and gives the terminal back', async () => {
    const terminal = start()
    await terminal.shows(/^ {2}\w{4} {2}first {2}idle .*\n\nq leaves/)
    expect(terminal.screen.isAlternate).toBe(true)
    const drawn = terminal.output.length
    await s.session('second-session')
    await terminal.shows(/second-session/)
    await s.amp('remove', '-D', 'second-session')
    await terminal.shows(/^ {2}\w{4} {2}first {2}idle .*\n\nq leaves/)
    // Whole frames, and no clearing of the screen.
    const frames = terminal.output.slice(drawn)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they mark a frame
    expect(frames.replace(/\x1b\[\?2026h.*?\x1b\[\?2026l/gs, '')).toBe('')
    expect(frames).not.toContain('\x1b[2J')
    terminal.type('q')
    await terminal.shows('ended 0')
    expect(await terminal.ended).toBe(0)
    expect(terminal.screen.isAlternate).toBe(false)
    expect(terminal.screen.text()).toMatch(/^\/dev\/.*\n {2}\w{4} {2}first {2}idle .*\nended 0\n/)
    expect(terminal.output).toMatch(/ icanon .* echo /s)
  })

  it('fits another size', async () => {
    for (const name of ['b', 'c', 'd', 'e', 'f'])
      await s.session(name, { prompt: 'A title that is long enough to be cut' })
    const terminal = start({ columns: 100 })
    await terminal.shows('q leaves')
    const tty = /\/dev\/\S+/.exec(terminal.output)?.[0] ?? ''
    execFileSync('stty', ['-F', tty, 'cols', '60', 'rows', '5'])
    await terminal.shows(/^(.{0,60}\n){2} {2}\.\.\. and 4 more\n\nq leaves$/)
    terminal.type('\x03')
    await terminal.shows('ended 130')
  })

  it('is given back after a signal, too', async () => {
    const terminal = start()
    await terminal.shows('q leaves')
    const tty = /\/dev\/(\S+)/.exec(terminal.output)?.[1] ?? ''
    const pids = execFileSync('ps', ['-t', tty, '-o', 'pid=,args='], { encoding: 'utf8' })
    const [, pid = ''] = /^\s*(\d+) .*node.*git-amp list --watch/m.exec(pids) ?? []
    process.kill(Number(pid), 'SIGTERM')
    await terminal.shows('ended 130')
    expect(terminal.screen.isAlternate).toBe(false)
    expect(terminal.output).toMatch(/ icanon .* echo /s)
  })

  it('is refused where there is no terminal, and with what is for scripts', async () => {
    const refused = await s.amp('list', '--watch')
    expect(refused).toMatchObject({ code: 128, stdout: '' })
    expect(refused.stderr).toContain('--watch draws on a terminal')
    for (const more of [['--json'], ['--porcelain'], ['--format', 'x'], ['--remote', 'origin']])
      expect((await s.amp('list', '--watch', ...more)).code).toBe(129)
  })
})

describe('changes are heard', () => {
  /** What is heard until the callback says that it is enough. */
  async function hear(
    options: { everyMs: number; watch?: () => null },
    next: (heard: string[]) => Promise<boolean> | boolean,
  ): Promise<string[]> {
    const { watch } = options
    const host = testHost({ cwd: s.dir, env: s.env, ...(watch === undefined ? {} : { watch }) })
    const repo = await openRepo(host)
    const stop = new AbortController()
    const heard: string[] = []
    try {
      for await (const what of watchSessions(repo, { signal: stop.signal, everyMs: options.everyMs })) {
        heard.push(what)
        if (await next(heard)) stop.abort()
      }
    } finally {
      repo.close()
    }
    return heard
  }

  const touch = () => {
    const ref = s.git('for-each-ref', '--format=%(refname)', 'refs/amp/sessions').split('\n')[0] ?? ''
    const oid = s.git('rev-parse', ref)
    s.git('update-ref', ref, s.git('commit-tree', '-p', oid, '-m', 'x', `${oid}^{tree}`))
  }

  it('without starting git while there are none', async () => {
    const log = join(s.root, 'git.log')
    const git = execFileSync('sh', ['-c', 'command -v git'], {
      env: s.env as NodeJS.ProcessEnv,
      encoding: 'utf8',
    }).trim()
    s.program('git', `echo "$*" >>'${log}'; exec ${git} "$@"`)
    writeFileSync(log, '')
    let asked = ''
    const heard = await hear({ everyMs: 5 }, (so) => {
      if (so.length === 1) asked = readFileSync(log, 'utf8')
      return so.length === 20
    })
    expect(new Set(heard)).toEqual(new Set(['waiting']))
    expect(readFileSync(log, 'utf8')).toBe(asked)
  })

  it('from the file system, without waiting', async () => {
    const later = setTimeout(touch, 200)
    const heard = await hear({ everyMs: 3_600_000 }, (so) => so.includes('changed'))
    clearTimeout(later)
    expect(heard.at(-1)).toBe('changed')
  })

  it('where the file system tells nothing', async () => {
    const heard = await hear({ everyMs: 20, watch: () => null }, (so) => {
      if (so.length === 2) touch()
      return so.includes('changed')
    })
    expect(heard.at(-1)).toBe('changed')
  })

  it('of refs that were packed, and of a worktree in a rebase', async () => {
    const id = s.git('for-each-ref', '--format=%(refname:lstrip=3)', 'refs/amp/sessions')
    let step = 0
    await hear({ everyMs: 20 }, (so) => {
      if (so.at(-1) === 'changed') step++
      else if (step === 0) s.git('pack-refs', '--all')
      else if (step === 1) touch()
      else if (step === 2) execFileSync('mkdir', ['-p', join(s.dir, '.git/worktrees', id, 'rebase-merge')])
      return step >= 3
    })
    expect(step).toBe(3)
  })
})
