import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { entries } from '../../src/registry.js'
import { renderBash } from '../../src/render/bash.js'
import { renderFish, renderFishShim } from '../../src/render/fish.js'
import { renderZsh } from '../../src/render/zsh.js'
import { toySpecs } from '../unit/cli/toys.js'

// The three real shells complete in a real repository. Nothing is mocked: a missing shell is a failure.

const separator = '=== next'
const root = resolve(import.meta.dirname, '../..')
const here = (name: string) => join(import.meta.dirname, name)
const first = '7f3am0s5k2vx'
const second = '91bcq7d4e8hn'
const run1 = 'b4tch0000001'

let scratch: string
let env: NodeJS.ProcessEnv

const run = (program: string, args: string[]): string =>
  execFileSync(program, args, { cwd: join(scratch, 'repo'), env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'amp-shells-'))
  for (const folder of ['repo', 'bin', 'home', 'toys', 'ours', 'zsh']) mkdirSync(join(scratch, folder))
  for (const folder of ['completions', 'fish/completions', 'fish/conf.d']) {
    for (const scripts of ['toys', 'ours']) mkdirSync(join(scratch, scripts, folder), { recursive: true })
  }
  env = {
    PATH: `${join(scratch, 'bin')}:${process.env.PATH}`,
    HOME: join(scratch, 'home'),
    TERM: 'xterm',
    LC_ALL: 'C.UTF-8',
    GIT_CONFIG_NOSYSTEM: '1',
    ...Object.fromEntries(
      ['AUTHOR', 'COMMITTER'].flatMap((who) => [
        [`GIT_${who}_NAME`, 'A'],
        [`GIT_${who}_EMAIL`, 'a@b'],
      ]),
    ),
  }
  // Whoever starts node, or git-amp, leaves a trace.
  for (const name of ['node', 'git-amp']) {
    const file = join(scratch, 'bin', name)
    writeFileSync(file, `#!/bin/sh\necho "${name} $*" >>'${join(scratch, 'started')}'\n`)
    chmodSync(file, 0o755)
  }
  const toys = { specs: toySpecs, agents: ['amp', 'shell'] }
  for (const [folder, bash, zsh, fish, shim] of [
    ['toys', renderBash(toys), renderZsh(toys), renderFish(toys), renderFishShim()],
    ['ours', ...['git-amp.bash', '_git-amp', 'git-amp.fish', 'git-amp.conf.fish'].map(committed)],
  ]) {
    const into = join(scratch, folder ?? '')
    writeFileSync(join(into, 'completions/git-amp'), bash ?? '')
    writeFileSync(join(into, '_git-amp'), zsh ?? '')
    writeFileSync(join(into, 'fish/completions/git-amp.fish'), fish ?? '')
    writeFileSync(join(into, 'fish/conf.d/git-amp.fish'), shim ?? '')
  }
  makeRepository()
})

const committed = (name: string): string => readFileSync(join(root, 'completions', name), 'utf8')

afterAll(() => rmSync(scratch, { recursive: true, force: true }))

function makeRepository(): void {
  run('git', ['init', '-q', '-b', 'main'])
  run('git', ['commit', '-q', '--allow-empty', '-m', 'first'])
  run('git', ['branch', 'topic'])
  run('git', ['tag', 'v1'])
  run('git', ['remote', 'add', 'upstream', '.'])
  run('git', ['config', 'amp.agent.mine.command', 'true'])
  const tree = run('git', ['write-tree']).trim()
  const subjects = { [first]: "amp(fix-login): iteration 3 finished: it's [done] 50% $HOME", [second]: 'amp: session' }
  for (const [id, subject] of Object.entries(subjects)) {
    const commit = run('git', ['commit-tree', tree, '-m', subject]).trim()
    run('git', ['update-ref', `refs/amp/sessions/${id}`, commit])
  }
  const batch = run('git', ['commit-tree', tree, '-m', 'amp(batch): run started']).trim()
  run('git', ['update-ref', `refs/amp/batches/${run1}`, batch])
  for (const name of ['readme.txt', 'reading.txt']) writeFileSync(join(scratch, 'repo', name), '')
  mkdirSync(join(scratch, 'repo', 'rest'))
}

type Ask = (folder: string, lines: string[]) => string

const shells: Record<string, Ask> = {
  bash: (folder, lines) => {
    env.BASH_COMPLETION_USER_DIR = join(scratch, folder)
    return run('bash', ['--norc', '--noprofile', here('ask.bash'), separator, ...lines])
  },
  zsh: (folder, lines) => {
    rmSync(join(scratch, 'zsh/done'), { force: true })
    return run('zsh', ['-f', here('ask.zsh'), separator, join(scratch, folder), join(scratch, 'zsh'), ...lines])
  },
  fish: (folder, lines) => {
    env.XDG_CONFIG_HOME = join(scratch, folder)
    return run('fish', [here('ask.fish'), separator, ...lines])
  },
}

/** What a shell offers for a line: candidates without descriptions, without what zsh leaves out of an option's value. */
function offered(shell: string, folder: string, lines: string[]): Map<string, string[]> {
  const ask = shells[shell]
  if (ask === undefined) throw new Error(`no shell ${shell}`)
  let output: string
  try {
    output = ask(folder, lines)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw new Error(`${shell} is not installed. "bash .ci/run" installs what the tests need.`)
  }
  const answers = output.split(`${separator}\n`)
  return new Map(
    lines.map((line, index) => {
      const words = (answers[index] ?? '').split('\n').map((one) => (one.split('\t')[0] ?? '').trim())
      return [line, [...new Set(words)].filter((one) => one !== '')]
    }),
  )
}

test('what the tests need is installed', () => {
  const needed = ['/usr/share/bash-completion/bash_completion', '/usr/share/bash-completion/completions/git'].filter(
    (file) => !existsSync(file),
  )
  expect(needed, '"bash .ci/run" installs what is missing').toEqual([])
})

/** A line, what has to be offered, and what may not. Shells differ in whether they show the option in front of a value. */
const cases: [line: string, offers: string[], never?: string[]][] = [
  ['git amp ', ['list', 'look', 'make', 'play'], ['--message', 'readme.txt']],
  ['git amp ma', ['make'], ['list']],
  ['git-amp ma', ['make'], ['list']],
  ['git amp look ', [first, second, 'fix-login'], ['main', 'readme.txt']],
  ['git amp look fix', ['fix-login'], [first]],
  ['git amp look --short 7f', [first]],
  ['git amp look fix-login 91', [second]],
  ['git amp look fix-login -- re', ['readme.txt', 'reading.txt'], [first]],
  ['git amp play --agent ', ['amp', 'shell', 'mine'], [first]],
  ['git amp play fix-login -- ech', ['echo']],
  ['git amp make --me', ['--message', '--messy'], ['--onto']],
  ['git amp make --onto ', ['main', 'topic', 'v1'], [first]],
  ['git amp mk --onto to', ['topic']],
  ['git amp make --onto=to', ['topic']],
  ['git amp make --state ', ['open', 'done'], [first]],
  ['git amp make --state=op', ['open']],
  ['git amp make -F re', ['readme.txt', 'reading.txt'], [first]],
  ['git amp make --repo re', ['rest'], ['readme.txt']],
  ['git amp make -m ', [], [first, 'main']],
  ['git amp --repo . ma', ['make']],
]

/** Files in bash are offered by readline when a completion offers nothing. */
const isReadlines = (shell: string, offers: string[]) => shell === 'bash' && offers.includes('readme.txt')

describe.each(Object.keys(shells))('%s', (shell) => {
  let answers: Map<string, string[]>
  beforeAll(() => {
    answers = offered(
      shell,
      'toys',
      cases.map(([line]) => line),
    )
  })

  test.each(cases)('%s', (line, offers, never = []) => {
    const words = (answers.get(line) ?? []).map((word) => word.replace(/^--[a-z]+=(?=.)/, '').replace(/[=/]$/, ''))
    if (isReadlines(shell, offers)) expect(words).toEqual([])
    else expect(words).toEqual(expect.arrayContaining(offers))
    for (const word of never) expect(words).not.toContain(word)
  })

  test('completes git-amp itself with the scripts of this package', () => {
    const more: [line: string, offers: string[]][] = [
      ['git amp new --agent ', ['amp', 'claude', 'codex', 'shell', 'mine']],
      ['git amp iterate --agent=min', ['mine']],
      ['git amp batch status ', [run1]],
      ['git amp batch merge --', ['--dry-run']],
      ['git amp export --batch ', [run1]],
      ['git amp comment ', [first, 'fix-login']],
      ['git amp label fix', ['fix-login']],
      ['git amp label fix-login --del', ['--delete']],
      ['git amp rename 91', [second]],
      ['git amp open fix-login --wi', ['--with']],
      ['git amp resume ', [second]],
      ['git amp list --wa', ['--watch']],
      ['git amp list --state paus', ['paused']],
      ['git amp install --comp', ['--completions']],
      ['git amp install --sh', ['--shell']],
      ['git amp merge --into=to', ['topic']],
      ['git amp sync up', ['upstream']],
      ['git amp exec fix-login -- ech', ['echo']],
    ]
    const lines = [
      ...more.map(([line]) => line),
      ...['git amp ', 'git amp show ', 'git amp new --pro', 'git amp new --base=to', 'git amp help squ'],
      ...['git amp batch ', 'git amp batch st', 'git amp batch resume --fa', 'git amp --repo . batch start --dry'],
    ]
    const words = offered(shell, 'ours', lines)
    const commands = [...new Set(entries.map(({ names }) => names[0].split(' ')[0] ?? ''))]
    const batch = entries.flatMap(({ names }) =>
      names[0].startsWith('batch ') ? [names[0].slice('batch '.length)] : [],
    )
    const expected = [
      ...more.map(([, offers]) => offers),
      ...[commands, [first, second, 'fix-login'], ['--prompt'], ['topic'], ['squash']],
      ...[batch, ['start', 'status'], ['--failed'], ['--dry-run']],
    ]
    for (const [index, line] of lines.entries()) {
      const plain = (words.get(line) ?? []).map((word) => word.replace(/^--[a-z]+=(?=.)/, '').replace(/=$/, ''))
      expect([line, plain]).toEqual([line, expect.arrayContaining(expected[index] ?? [])])
    }
  })

  test('never starts node or git-amp', () => {
    expect(existsSync(join(scratch, 'started'))).toBe(false)
  })
})
