import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { plain } from '../helpers/run.js'
import { type Scene, scene } from '../helpers/scene.js'

/** A repository whose ignored files are warm. */
function warm(ignore = 'node_modules/\n.env\n*.log\ntarget/\n'): Scene {
  const s = scene()
  s.commit({ '.gitignore': ignore, 'src/a': '1', 'pkg/b': '1' })
  for (let at = 0; at < 12; at++) s.write({ [`node_modules/m${at}/index.js`]: `${at}` })
  s.write({ '.env': 'MODE=1\n', 'pkg/node_modules/x': '1', 'target/debug/deps/o': 'o', 'target/debug/big': 'b' })
  return s
}

const copies = (s: Scene, ...patterns: string[]) => {
  for (const pattern of patterns) s.git('config', '--add', 'amp.copy', pattern)
}

const newSession = async (s: Scene, ...args: string[]) => {
  const answer = await s.amp('new', 'a', '-m', 'true', '--agent', 'shell', ...args)
  expect([answer.code, answer.stderr]).toEqual([0, expect.any(String)])
  const id = answer.stdout.trim()
  return { id, dir: s.worktree(id), stderr: answer.stderr }
}

describe('a warm worktree', () => {
  it('has the ignored files that are wanted, as they are, and no others', async () => {
    const s = warm()
    const modules = join(s.dir, 'node_modules')
    symlinkSync('../m1/index.js', join(modules, 'm2/link'))
    symlinkSync('/etc', join(modules, 'outside'))
    chmodSync(join(modules, 'm3/index.js'), 0o755)
    chmodSync(join(s.dir, '.env'), 0o600)
    utimesSync(join(modules, 'm4/index.js'), 1000, 1000)
    utimesSync(modules, 2000, 2000)
    copies(s, '.env', 'node_modules', 'target/debug/deps')
    const { dir, stderr } = await newSession(s)
    expect(stderr).toMatch(/^Copied \.env, node_modules\/, pkg\/node_modules\/, target\/debug\/deps\/ in /m)
    expect(s.read('.env', dir)).toBe('MODE=1\n')
    expect(statSync(join(dir, '.env')).mode & 0o777).toBe(0o600)
    for (let at = 0; at < 12; at++) expect(s.read(`node_modules/m${at}/index.js`, dir)).toBe(`${at}`)
    expect(statSync(join(dir, 'node_modules/m3/index.js')).mode & 0o777).toBe(0o755)
    expect(statSync(join(dir, 'node_modules/m4/index.js')).mtimeMs).toBe(1_000_000)
    expect(statSync(join(dir, 'node_modules')).mtimeMs).toBe(2_000_000)
    expect(readlinkSync(join(dir, 'node_modules/m2/link'))).toBe('../m1/index.js')
    expect(readlinkSync(join(dir, 'node_modules/outside'))).toBe('/etc')
    expect([s.exists('target/debug/deps/o', dir), s.exists('target/debug/big', dir)]).toEqual([true, false])
    expect(s.gitAt(dir, 'status', '--porcelain', '-uall')).toBe('')
  })

  it('comes to be where there is no cp that knows reflinks', async () => {
    const s = warm()
    s.program('cp', 'echo "cp: illegal option -- -" >&2; exit 64')
    symlinkSync('../m1', join(s.dir, 'node_modules/m2/link'))
    utimesSync(join(s.dir, 'node_modules/m4/index.js'), 1000, 1000)
    copies(s, 'node_modules')
    const { dir } = await newSession(s)
    expect(s.read('node_modules/m11/index.js', dir)).toBe('11')
    expect(readlinkSync(join(dir, 'node_modules/m2/link'))).toBe('../m1')
    expect(statSync(join(dir, 'node_modules/m4/index.js')).mtimeMs).toBe(1_000_000)
  })

  it('goes on when files vanish, and says what cannot be read', async () => {
    const s = warm()
    s.program(
      'cp',
      'echo "cp: cannot stat \'x\': No such file or directory" >&2; echo "cp: cannot open \'y\': Permission denied" >&2; exit 1',
    )
    copies(s, '.env')
    const { stderr } = await newSession(s)
    expect(stderr).toContain("warning: not copied: cannot open 'y': Permission denied\n")
    expect(stderr).not.toContain('No such file')
  })

  it('never holds another worktree, git’s own files, or what git would not ignore there', async () => {
    const s = warm('node_modules/\n.env\n/hidden\n')
    const first = await newSession(s)
    s.git('worktree', 'add', '-q', '--detach', join(s.dir, 'hidden/tree'))
    s.write({ 'hidden/file': '1' })
    s.git('branch', 'other')
    s.git('checkout', '-q', 'other')
    rmSync(join(s.dir, '.env'))
    s.commit({ '.gitignore': 'node_modules/\n/hidden\n' }, 'Forget')
    s.git('checkout', '-q', 'main')
    s.write({ '.env': '1' })
    copies(s, '*')
    const { dir, stderr } = await newSession(s, '--base', 'other')
    expect([s.exists('.worktrees', dir), s.exists('hidden/file', dir), s.exists('hidden/tree', dir)]).toEqual([
      false,
      true,
      false,
    ])
    // It would be in the next commit.
    expect([
      s.exists('.env', dir),
      stderr.includes('warning: not copied, because git does not ignore it here: .env'),
    ]).toEqual([false, true])
    expect(s.exists('node_modules/m1/index.js', dir)).toBe(true)
    expect(s.exists('.env', first.dir)).toBe(false)
  })

  it('keeps tracked files, and writes nothing through a link of the base', async () => {
    const s = warm()
    const outside = join(s.root, 'outside')
    mkdirSync(outside)
    s.git('checkout', '-q', '-b', 'trap')
    symlinkSync(outside, join(s.dir, 'cache'))
    s.write({ 'keep.log': 'tracked' })
    s.git('add', '-f', 'cache', 'keep.log')
    s.commit({}, 'Trap')
    s.git('checkout', '-q', 'main')
    s.write({ '.git/info/exclude': 'cache/\n*.log\n', 'cache/secret': '1', 'keep.log': 'mine' })
    copies(s, '*.log', 'cache', 'cache/*')
    const { dir } = await newSession(s, '--base', 'trap')
    expect(s.read('keep.log', dir)).toBe('tracked')
    expect(lstatSync(join(dir, 'cache')).isSymbolicLink()).toBe(true)
    expect(existsSync(join(outside, 'secret'))).toBe(false)
  })

  it('comes again with a worktree that was deleted, resumed or undone', async () => {
    const s = warm()
    copies(s, '.env')
    s.git('config', 'amp.setup', 'echo x >>$GIT_AMP_MAIN/../setups')
    const { id, dir } = await newSession(s)
    const count = () => s.read('../setups').length / 2
    expect(count()).toBe(1)
    await s.iterate(id, 'test -e .env')
    expect([count(), s.snapshot(id).last?.outcome]).toEqual([1, 'no-change'])
    rmSync(dir, { recursive: true })
    await s.iterate(id, 'test -e .env')
    expect([count(), s.exists('.env', dir)]).toEqual([2, true])
    await s.amp('pause', id)
    rmSync(join(s.dir, '.git/amp/trash'), { recursive: true, force: true })
    expect((await s.amp('resume', id)).code).toBe(0)
    expect([count(), s.exists('.env', dir)]).toEqual([3, true])
    await s.amp('remove', '-f', id)
    rmSync(join(s.dir, '.git/amp/trash'), { recursive: true, force: true })
    expect((await s.amp('undo')).code).toBe(0)
    expect([count(), s.exists('.env', dir)]).toEqual([4, true])
    await s.amp('setup', id)
    expect(count()).toBe(5)
  })

  it('takes no part of what the repository asks for away from the user', async () => {
    const s = warm()
    // The user's own file asks nobody.
    s.write({ '.worktreeinclude': '.env\n' })
    expect(s.exists('.env', (await newSession(s)).dir)).toBe(true)
    s.commit({ '.worktreeinclude': '.env\n', '.amp.yaml': 'copy: node_modules\n' })
    const refused = await s.amp('new', 'b', '-m', 'x', '--agent', 'shell')
    expect([refused.code, refused.stdout]).toEqual([1, ''])
    expect(refused.stderr).toContain('"git amp trust" shows it')
    expect(s.exists('.env', (await newSession(s, '--no-setup')).dir)).toBe(false)
    const asked = await s.ampWith({ answers: 'y\n' }, 'new', 'c', '-m', 'x', '--agent', 'shell')
    expect([asked.code, asked.stderr.includes('    node_modules\n')]).toEqual([0, true])
    const dir = s.worktree(asked.stdout.trim())
    expect([s.exists('.env', dir), s.exists('node_modules/m1', dir)]).toEqual([true, true])
    // An empty value takes back what came before it.
    copies(s, '', 'target')
    const own = (await newSession(s)).dir
    expect([s.exists('.env', own), s.exists('target/debug/big', own)]).toEqual([false, true])
  })
})

describe('the setup command', () => {
  it('fails without harm, and its output is kept', async () => {
    const s = scene()
    s.git('config', 'amp.setup', 'echo token: ghp_0123456789abcdefghijklmnopqrstuvwxyz01; echo "$GIT_AMP_NAME"; exit 3')
    const { id, stderr } = await newSession(s)
    expect(plain(stderr, s.root).split('\n').slice(2)).toEqual([
      expect.stringMatching(/^Setup: echo token/),
      expect.stringMatching(/^ {2}token: /),
      '  a',
      'warning: the setup failed with exit code 3; the session is there',
      'hint: Its output is kept in $ROOT/repo/.git/amp/setup/<id>.log',
      'hint: Run it again with "git amp setup <short>".',
      'hint: Run the agent with "git amp iterate <short>".',
      '',
    ])
    expect((await s.amp('list')).stdout).toMatch(/^! \S+ +a +setup failed /)
    expect((await s.amp('show', id)).stdout).toMatch(/^Setup: +failed with exit code 3 \(echo token/m)
    const log = s.read(`.git/amp/setup/${id}.log`)
    expect(log).toMatch(/^token: .*\na\n$/)
    expect(log).not.toContain('ghp_0123')
    s.git('config', 'amp.setup', 'true')
    expect((await s.amp('setup', id)).code).toBe(0)
    expect((await s.amp('list')).stdout).toMatch(/^ {2}\S+ +a +idle /)
    expect((await s.amp('show', id)).stdout).not.toContain('Setup:')
  })

  it('that was killed has failed', async () => {
    const s = scene()
    s.git('config', 'amp.setup', 'sleep 600')
    const stop = new AbortController()
    const running = s.ampWith({ signal: stop.signal }, 'new', 'a', '-m', 'true', '--agent', 'shell')
    await s.until(async () => (await s.amp('list')).stdout.includes('setup runs'))
    stop.abort()
    await running
    expect((await s.amp('list')).stdout).toContain('setup failed')
  })
})

describe('ports of a session', () => {
  const portOf = async (s: Scene, id: string) => {
    const answer = await s.amp('exec', id, '--json', '--', 'sh', '-c', 'echo $GIT_AMP_PORT $GIT_AMP_PORTS')
    return JSON.parse(answer.stdout).stdout.trim().split(' ').map(Number) as [number, number]
  }

  it('are there although a command was killed before it could write them down', async () => {
    const s = scene()
    const id = await s.session('a')
    s.write({ [`.git/amp/ports/${id}`]: '' })
    const first = await portOf(s, id)
    expect(first[0]).toBeGreaterThanOrEqual(20_000)
    expect(await portOf(s, id)).toEqual(first)
  })

  it('are its own, the same everywhere, and free', async () => {
    const s = scene()
    const ids = await Promise.all(Array.from({ length: 6 }, (_, at) => s.session(`s${at}`)))
    const ports = await Promise.all(ids.map((id) => portOf(s, id)))
    expect(new Set(ports.map(([first]) => Math.floor(first / 10))).size).toBe(6)
    for (const [first, count] of ports) expect([count, first >= 20_000 && first < 32_000]).toEqual([10, true])
    const [id = ''] = ids
    s.git('config', 'amp.test', 'echo $GIT_AMP_PORT >$GIT_AMP_MAIN/../tested')
    await s.iterate(id, 'echo $GIT_AMP_PORT >../../../said; echo 1 >a')
    expect([s.read('../said'), s.read('../tested')].map(Number)).toEqual([ports[0]?.[0], ports[0]?.[0]])
    s.git('config', 'amp.ports', '30')
    const [first, count] = await portOf(s, id)
    expect([count, ports.slice(1).some(([other]) => other < first + 30 && first < other + 10)]).toEqual([30, false])
  })

  it('are others where somebody listens', async () => {
    const s = scene()
    const id = await s.session('a')
    const [first] = await portOf(s, id)
    rmSync(join(s.dir, '.git/amp/ports'), { recursive: true })
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(first + 9, resolve))
    const [other] = await portOf(s, id)
    await new Promise((resolve) => server.close(resolve))
    expect(other).not.toBe(first)
    expect(await portOf(s, id)).toEqual([other, 10])
  })
})

describe('a sparse checkout', () => {
  it('is inherited, or chosen, and chosen again with the worktree', async () => {
    const s = warm()
    const { id, dir } = await newSession(s, '--sparse', 'src/')
    expect([s.exists('src/a', dir), s.exists('pkg', dir), s.exists('README.md', dir)]).toEqual([true, false, true])
    expect(s.gitAt(dir, 'status', '--porcelain')).toBe('')
    expect([s.exists('pkg/b'), s.git('status', '--porcelain')]).toEqual([true, ''])
    await s.iterate(id, 'echo 2 >src/a')
    expect(s.git('diff', '--name-only', 'main', s.branch(id))).toBe('src/a')
    rmSync(dir, { recursive: true })
    await s.iterate(id, 'echo 3 >src/a')
    expect([s.exists('pkg', dir), s.git('diff', '--name-only', 'main', s.branch(id))]).toEqual([false, 'src/a'])
    // Killed before it was filled.
    s.git('worktree', 'remove', '--force', dir)
    s.git('worktree', 'add', '-q', '--no-checkout', '--lock', '--reason', 'initializing', dir, s.branch(id))
    await s.iterate(id, 'echo 4 >src/a')
    expect([s.exists('pkg', dir), s.git('diff', '--name-only', 'main', s.branch(id))]).toEqual([false, 'src/a'])
    s.git('sparse-checkout', 'set', 'pkg')
    const inherited = await newSession(s)
    expect([s.exists('src', inherited.dir), s.exists('pkg/b', inherited.dir)]).toEqual([false, true])
    for (const wrong of ['nothing', '../x', '/etc', '--help', 'src/a'])
      expect((await s.amp('new', '-m', 'x', '--agent', 'shell', `--sparse=${wrong}`)).stderr).toContain(
        'there is no directory',
      )
  })
})

describe('submodules', () => {
  it('are checked out from the copies that are here, without what they were cloned from', async () => {
    const s = scene()
    const lib = join(s.root, 'lib')
    s.gitAt(s.root, 'init', '-q', 'lib')
    s.commit({ 'lib.txt': '1' }, 'Lib', lib)
    s.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', lib, 'vendor/lib')
    s.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', lib, 'cold')
    s.commit({}, 'Submodules')
    s.git('submodule', '--quiet', 'deinit', '-f', 'cold')
    rmSync(lib, { recursive: true })
    const { id, dir, stderr } = await newSession(s)
    expect(stderr).toContain('Checked out 1 submodule: vendor/lib.\n')
    expect([s.read('vendor/lib/lib.txt', dir), s.exists('cold/lib.txt', dir)]).toEqual(['1', false])
    expect(s.gitAt(join(dir, 'vendor/lib'), 'remote', 'get-url', 'origin')).toBe(lib)
    expect([s.gitAt(dir, 'status', '--porcelain'), s.git('config', 'submodule.vendor/lib.url')]).toEqual(['', lib])
    await s.iterate(id, 'echo 1 >a')
    expect(s.git('diff', '--name-only', 'main', s.branch(id))).toBe('a')
    expect((await s.amp('remove', '-f', id)).code).toBe(0)
    expect(s.exists('vendor/lib/lib.txt')).toBe(true)
  })
})

describe('a relative core.hooksPath', () => {
  it('works for the commits of an agent, too', async () => {
    const s = scene()
    s.commit({ '.husky/readme': '1' })
    s.write({ '.husky/_/.gitignore': '*\n', '.husky/_/pre-commit': '#!/bin/sh\necho hook >>"$MARK"\n' })
    chmodSync(join(s.dir, '.husky/_/pre-commit'), 0o755)
    s.git('config', 'core.hooksPath', '.husky/_')
    s.env.MARK = join(s.root, 'mark')
    const { id } = await newSession(s)
    await s.iterate(id, 'echo 1 >a; git add a; git commit -qm own')
    // Its own commit, and that of the iteration.
    expect(s.read('../mark')).toBe('hook\nhook\n')
    await s.iterate(id, 'echo 2 >a')
    expect(s.read('../mark')).toBe('hook\nhook\nhook\n')
  })
})
