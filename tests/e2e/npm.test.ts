import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bundle } from '../helpers/bundle.js'

// The package as npm installs it globally, in a scratch prefix.

const root = resolve(import.meta.dirname, '../..')
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
let scratch: string
let tarball: string

beforeAll(() => {
  bundle()
  scratch = mkdtempSync(join(tmpdir(), 'amp-npm-'))
  const packed = execFileSync('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', scratch], {
    cwd: root,
    encoding: 'utf8',
  })
  tarball = join(scratch, packed.trim().split('\n').at(-1) ?? '')
}, 120_000)

afterAll(() => rmSync(scratch, { recursive: true, force: true }))

/** Exit code and output of a program with the environment of a person who has installed git-amp in `prefix`. */
function run(prefix: string, command: string, args: string[]) {
  const home = join(prefix, 'home')
  const env = {
    PATH: `${join(prefix, 'bin')}:${join(home, '.local/bin')}:${process.env.PATH}`,
    HOME: home,
    GIT_CONFIG_NOSYSTEM: '1',
    LC_ALL: 'C.UTF-8',
    MANWIDTH: '80',
  }
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: home, env, encoding: 'utf8' })
  return { status, stdout, stderr }
}

/** npm as a command line; null when the registry cannot be asked for it. */
function npm(major: number): string[] | null {
  const ours = execFileSync('npm', ['--version'], { encoding: 'utf8' })
  if (ours.startsWith(`${major}.`)) return ['npm']
  const through = ['npx', '--yes', `npm@${major}`]
  const { status, stdout } = spawnSync('npx', [...through.slice(1), '--version'], { encoding: 'utf8', cwd: scratch })
  return status === 0 && stdout.startsWith(`${major}.`) ? through : null
}

describe.each([11, 12])('npm %i install -g', (major) => {
  test('brings git amp, and with "git amp install" its pages, completions and amp-cd', { timeout: 180_000 }, (at) => {
    const command = npm(major)
    if (command === null) return at.skip(`the registry does not give npm ${major}`)
    const prefix = join(scratch, `npm-${major}`)
    mkdirSync(join(prefix, 'home/.local/bin'), { recursive: true })
    const [program = '', ...words] = command
    execFileSync(program, [
      ...words,
      'install',
      '-g',
      '--prefix',
      prefix,
      '--silent',
      '--no-audit',
      '--no-fund',
      tarball,
    ])
    expect(run(prefix, 'git', ['amp', '--version'])).toEqual({
      status: 0,
      stdout: `git-amp version ${version}\n`,
      stderr: '',
    })
    expect(run(prefix, 'git', ['amp', 'help', 'new']).stdout).toMatch(/^NAME\n {4}git-amp-new - Start a session/)
    const done = run(prefix, 'git', ['amp', 'install', '--completions', '--man', '--shell'])
    expect(done.status).toBe(0)
    // npm 12 links no pages; where an npm does, they are not written twice.
    const isLinked = existsSync(join(prefix, 'share/man/man1/git-amp.1'))
    expect(done.stdout.includes('manual pages in ~/.local/share/man/man1')).toBe(!isLinked)
    for (const page of ['git-amp', 'git-amp-install']) {
      const shown = run(prefix, 'man', [page])
      expect([shown.status, shown.stdout]).toEqual([0, expect.stringContaining(`${page.toUpperCase()}(1)`)])
    }
    expect(run(prefix, 'git', ['amp', 'new', '--help']).stdout).toContain('git-amp-new')
    expect(run(prefix, 'git', ['amp', 'install', '--completions', '--man', '--shell', '--uninstall']).status).toBe(0)
    expect(run(prefix, 'find', ['-type', 'f']).stdout).toBe('')
  })
})

test('npx runs it without an installation', { timeout: 120_000 }, () => {
  const { status, stdout } = spawnSync('npx', ['--yes', '--package', tarball, 'git-amp', 'help', 'new'], {
    cwd: scratch,
    encoding: 'utf8',
  })
  expect([status, stdout]).toEqual([0, expect.stringMatching(/^NAME\n {4}git-amp-new/)])
})
