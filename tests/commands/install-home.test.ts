import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { install } from '../helpers/bundle.js'
import { type Scene, scene } from '../helpers/scene.js'

const all = ['--completions', '--man', '--shell'] as const
const root = resolve(import.meta.dirname, '../..')
let s: Scene
let home: string

/** A person's home, with files of their own that shells read. */
beforeEach(() => {
  s = scene()
  home = join(s.root, "Ann's")
  mkdirSync(home)
  s.env.HOME = home
  delete s.env.XDG_CONFIG_HOME
  s.env.SHELL = '/bin/zsh'
  put('.bashrc', Buffer.from('alias x=y \xff\n', 'latin1'))
})

function put(name: string, text: string | Buffer): void {
  mkdirSync(dirname(join(home, name)), { recursive: true })
  writeFileSync(join(home, name), text)
}

const text = (name: string): string => readFileSync(join(home, name), 'utf8')

/** Every file of the home with a digest of its bytes; links by where they lead to. */
function tree(dir = home): string[] {
  return readdirSync(dir, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(dir, entry.name)
      if (entry.isDirectory()) return tree(path)
      return [`${path} ${entry.isSymbolicLink()} ${createHash('sha1').update(readFileSync(path)).digest('hex')}`]
    })
    .sort()
}

describe('git amp install --completions --man --shell', () => {
  it('writes once what -n shows, outside of a repository, and takes exactly its own back', async () => {
    put('.zshrc', 'PROMPT=%#')
    put('.config/fish/config.fish', 'set x y\n')
    const before = tree()
    const planned = await s.ampAt('/', 'install', ...all, '-n')
    expect(planned.code).toBe(0)
    expect(tree()).toEqual(before)
    const done = await s.ampAt('/', 'install', ...all, '-f')
    expect(done.stdout).toBe(planned.stdout.replaceAll('would write', 'wrote').replaceAll('would add', 'added'))
    expect(done.stdout).toContain('wrote ~/.local/share/zsh/site-functions/_git-amp\n')
    const pages = readdirSync(join(root, 'man'))
    expect(done.stdout).toContain(`wrote ${pages.length} manual pages in ~/.local/share/man/man1\n`)
    expect(readdirSync(join(home, '.local/share/man/man1'))).toEqual(pages)
    for (const line of done.stdout.split('\n').filter((one) => one.startsWith('  ')))
      expect(text('.zshrc') + text('.bashrc')).toContain(line.slice(2))
    const after = tree()
    const again = await s.ampAt('/', 'install', ...all, '-f')
    expect(again).toEqual({ code: 0, stdout: '', stderr: 'All of it is installed already.\n' })
    expect(tree()).toEqual(after)
    const gone = await s.ampAt('/', 'install', ...all, '--uninstall')
    expect([gone.code, gone.stdout]).toEqual([0, expect.stringContaining('removed our lines in ~/.zshrc')])
    expect(tree()).toEqual(before)
    expect(existsSync(join(home, '.local'))).toBe(false)
    expect((await s.ampAt('/', 'install', ...all, '--uninstall')).stderr).toBe('Nothing is installed.\n')
  })

  it('takes back one part without the others, in any order', async () => {
    put('.zshrc', 'PROMPT=%#')
    const before = tree()
    await s.amp('install', ...all, '-f')
    for (const part of ['--completions', '--shell', '--man'])
      expect((await s.amp('install', part, '--uninstall')).code).toBe(0)
    expect(tree()).toEqual(before)
  })

  it('makes a file that was not there, and takes it away again; one of a link stays the link', async () => {
    put('dotfiles/bashrc', 'alias a=b\n')
    execFileSync('rm', [join(home, '.bashrc')])
    symlinkSync('dotfiles/bashrc', join(home, '.bashrc'))
    const before = tree()
    await s.amp('install', '--shell', '-f')
    expect(text('dotfiles/bashrc')).toContain('# >>> git-amp shell >>>')
    expect(text('.zshrc')).toContain('# >>> git-amp shell >>>')
    await s.amp('install', '--shell', '--uninstall')
    expect(tree()).toEqual(before)
  })

  it('writes into a file of the user after a yes alone', async () => {
    const bashrc = readFileSync(join(home, '.bashrc'))
    const quiet = await s.amp('install', '--shell')
    expect(quiet.code).toBe(0)
    expect(quiet.stderr).toContain(`hint: Put this into ${home}/.bashrc:\nhint:   # >>> git-amp shell >>>`)
    const no = await s.ampWith({ answers: 'n\n' }, 'install', '--shell')
    expect(no.stderr).toContain('would add in ~/.bashrc:\n  # >>> git-amp shell >>>')
    expect(no.stderr).toContain('Write this? [y/N]')
    expect([readFileSync(join(home, '.bashrc')), existsSync(join(home, '.zshrc'))]).toEqual([bashrc, false])
    const yes = await s.ampWith({ answers: 'y\n' }, 'install', '--shell')
    expect(yes.stdout).toContain('added in ~/.bashrc:')
    expect(readFileSync(join(home, '.bashrc')).subarray(0, bashrc.length)).toEqual(bashrc)
    const stays = await s.ampWith({ answers: 'n\n' }, 'install', '--shell', '--uninstall')
    expect(stays.stderr).toContain('hint: Take the lines of "git-amp shell" out of')
    expect(text('.zshrc')).toContain('git-amp shell')
  })

  it('leaves what is not its own, and what was changed since', async () => {
    put('.local/share/git-amp/amp-cd.zsh', 'mine\n')
    const before = tree()
    const refused = await s.amp('install', ...all, '-f')
    expect([refused.code, refused.stdout]).toEqual([1, ''])
    expect(refused.stderr).toContain(`there is a file of yours: ${home}/.local/share/git-amp/amp-cd.zsh`)
    expect(tree()).toEqual(before)
    expect((await s.amp('install', '--shell', '--uninstall')).stderr).toBe('Nothing is installed.\n')
    expect(tree()).toEqual(before)
    expect((await s.amp('install', '--completions')).code).toBe(0)
    const file = '.config/fish/completions/git-amp.fish'
    put(file, `# own\n${text(file)}`)
    expect((await s.amp('install', '--completions')).stderr).toContain('was edited since git-amp wrote it')
    const gone = await s.amp('install', '--completions', '--uninstall')
    expect(gone.stderr).toContain(`~/${file} was changed since it was written, and stays`)
    expect(text(file)).toMatch(/^# own\n/)
  })

  it('renews what an earlier version wrote', async () => {
    await s.amp('install', ...all, '-f')
    const after = tree()
    const stamp = (body: string) => {
      const digest = createHash('sha256').update(body).digest('hex').slice(0, 16)
      return `${body}.\\" Written by "git amp install"; the SHA-256 of the lines above begins with ${digest}.\n`
    }
    put('.local/share/man/man1/git-amp-new.1', stamp('old\n'))
    put('.local/share/man/man1/git-amp-gone.1', stamp('a command that is gone\n'))
    put('.zshrc', text('.zshrc').replace('if [ -r', '[ -r'))
    const renewed = await s.amp('install', ...all, '-f')
    expect(renewed.stdout).toContain('changed in ~/.zshrc:')
    expect(renewed.stdout).toContain('wrote 1 manual page in')
    expect(renewed.stdout).toContain('removed 1 manual page in')
    expect(tree().map((line) => line.split(' ').at(-1))).toEqual(after.map((line) => line.split(' ').at(-1)))
  })

  it('does not guess where a block without an end would end', async () => {
    put('.zshrc', '# >>> git-amp shell >>>\nmine\n')
    const before = tree()
    for (const more of [['-f'], ['--uninstall']]) {
      const refused = await s.amp('install', '--shell', ...more)
      expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('# <<< git-amp shell <<<')])
      expect(tree()).toEqual(before)
    }
  })

  it('goes where XDG says, leaves man to npm where that linked the pages, and refuses what makes no sense', async () => {
    s.env.XDG_DATA_HOME = join(s.root, 'data')
    s.env.XDG_CONFIG_HOME = join(s.root, 'config')
    const done = await s.amp('install', ...all, '--json')
    const { changes, schema } = JSON.parse(done.stdout)
    expect(schema).toBe('git-amp/install@1')
    for (const { path } of changes) expect(path).toMatch(new RegExp(`^${s.root}/(data|config)/`))
    expect((await s.amp('install', ...all, '--uninstall')).code).toBe(0)
    const prefix = join(s.root, 'prefix')
    mkdirSync(join(prefix, 'share/man/man1'), { recursive: true })
    mkdirSync(join(prefix, 'bin'))
    symlinkSync(join(root, 'man/git-amp.1'), join(prefix, 'share/man/man1/git-amp.1'))
    s.env.PATH = `${prefix}/bin:${s.env.PATH}`
    const found = await s.amp('install', '--man')
    expect([found.stdout, found.stderr]).toEqual(['', expect.stringContaining('are found in')])
    expect((await s.amp('install', '--man', '--sync')).code).toBe(129)
    expect((await s.amp('install', '--man', 'origin')).code).toBe(129)
    delete s.env.HOME
    expect((await s.amp('install', '--man')).stderr).toMatch(/^fatal: HOME is not set/)
  })
})

/** What an interactive shell says that starts as this person's. */
function shell(program: string, script: string): string {
  const env = { ...s.env, TERM: 'xterm', ZDOTDIR: '' } as NodeJS.ProcessEnv
  delete env.ZDOTDIR
  return execFileSync(program, ['-i', '-c', script], {
    cwd: s.dir,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
}

describe('the shells of a user find what was installed', () => {
  beforeEach(async () => {
    install(s)
    put('.bashrc', 'source /usr/share/bash-completion/bash_completion\n')
    put('.zshrc', 'autoload -Uz compinit\ncompinit -u\n')
    const answer = await s.amp('install', '--completions', '--shell', '-f')
    expect(answer.stderr).toContain('start a new one')
    await s.session('fix-login')
  })

  const worktree = async () => (await s.amp('path', 'fix-login')).stdout

  it('bash', async () => {
    const complete = `_completion_loader git; _completion_loader git-amp; declare -F _git_amp; COMP_WORDS=(amp-cd fix); COMP_CWORD=1; _amp_cd; echo "\${COMPREPLY[@]}"`
    expect(shell('bash', complete)).toBe('_git_amp\nfix-login\n')
    expect(shell('bash', 'amp-cd fix-login && pwd')).toBe(await worktree())
    expect(shell('bash', 'amp-cd nothing; echo $?; pwd')).toBe(`128\n${s.dir}\n`)
  })

  it('zsh', async () => {
    expect(shell('zsh', 'print $_comps[git-amp] $_comps[amp-cd]; autoload +X _git-amp && whence -w _git-amp')).toBe(
      '_git-amp _amp_cd\n_git-amp: function\n',
    )
    expect(shell('zsh', 'amp-cd fix-login && pwd')).toBe(await worktree())
    expect(shell('zsh', 'amp-cd nothing; echo $?; pwd')).toBe(`128\n${s.dir}\n`)
  })

  it('fish', async () => {
    expect(shell('fish', 'complete -C "amp-cd fix"; complete -C "git amp inst"')).toMatch(
      /^fix-login\t.*\ninstall\tInstall completions.*\n/,
    )
    expect(shell('fish', 'amp-cd fix-login && pwd')).toBe(await worktree())
    expect(shell('fish', 'amp-cd nothing; echo $status; pwd')).toBe(`128\n${s.dir}\n`)
  })
})
