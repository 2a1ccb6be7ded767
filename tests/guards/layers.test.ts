import { expect, test } from 'vitest'
import { codeOf, type Import, importsOf, source, sourceFiles } from './imports.js'

// The direction of the house: bin -> main -> registry -> commands -> actions -> repo -> state, git, agent -> errors, util.
// Types may also be taken from where the values flow to; nothing is left of them in the program.

interface Layer {
  /** What it may run: folders, or single files of src. */
  runs: readonly string[]
  /** Where else it may take types from. */
  types?: readonly string[]
}

const layers: Readonly<Record<string, Layer>> = {
  'bin.ts': { runs: ['main.ts', 'processes.ts', 'cli', 'util'], types: ['host.ts'] },
  'processes.ts': { runs: [], types: ['host.ts'] },
  'reader.ts': { runs: ['state', 'errors.ts'] },
  'main.ts': { runs: ['registry.ts', 'cli', 'render', 'errors.ts', 'commands/help.ts'], types: ['git/inquiry.ts'] },
  'registry.ts': { runs: ['commands'], types: ['cli', 'git/inquiry.ts'] },
  commands: {
    runs: ['cli', 'actions', 'render', 'git/env.ts', 'errors.ts', 'util'],
    types: ['repo.ts', 'host.ts', 'state'],
  },
  'commands/help.ts': { runs: ['cli', 'render', 'registry.ts'] },
  actions: { runs: ['repo.ts', 'state', 'git', 'agent', 'errors.ts', 'util'], types: ['host.ts'] },
  cli: {
    runs: [
      'repo.ts',
      'git/config.ts',
      'git/env.ts',
      'git/inquiry.ts',
      'git/run.ts',
      'state/storage.ts',
      'agent/meter.ts',
      'errors.ts',
      'util',
    ],
    types: ['host.ts', 'registry.ts', 'actions', 'agent', 'state'],
  },
  render: { runs: ['util', 'state'], types: ['actions', 'cli', 'registry.ts'] },
  'repo.ts': { runs: ['state', 'git', 'errors.ts', 'util'], types: ['host.ts', 'actions'] },
  state: { runs: ['errors.ts', 'util'], types: ['host.ts'] },
  git: {
    runs: ['errors.ts', 'util', 'state/names.ts', 'state/object-text.ts', 'state/storage.ts'],
    types: ['host.ts', 'state'],
  },
  agent: { runs: ['errors.ts', 'util'], types: ['host.ts', 'state'] },
  util: { runs: ['errors.ts'] },
  'errors.ts': { runs: [] },
  'host.ts': { runs: [] },
}

/** The homes of outside packages and of the doors to the machine. */
const homes: Readonly<Record<string, readonly string[]>> = {
  clipanion: ['main.ts', 'cli', 'commands'],
  execa: ['agent', 'git/hosting.ts'],
  enquirer: ['cli/choose.ts'],
  listr2: ['cli/live.ts'],
  'isomorphic-git': ['state/isomorphic.ts'],
  yaml: ['actions/shared/yaml-text.ts'],
  'node:buffer': ['state', 'util'],
  'node:child_process': [
    'processes.ts',
    'git/run.ts',
    'agent',
    'cli',
    'actions/exec.ts',
    'actions/open.ts',
    'actions/demo.ts',
    'actions/shared/copy-tree.ts',
  ],
  'node:fs': ['bin.ts', 'processes.ts'],
  'node:fs/promises': ['bin.ts', 'processes.ts'],
  'node:net': ['processes.ts'],
  'node:module': ['bin.ts'],
  'node:os': ['bin.ts'],
  'node:process': [],
  'node:readline': [],
  'node:crypto': ['actions', 'state', 'git', 'util', 'agent'],
  'node:path': ['actions', 'agent', 'cli', 'commands', 'git', 'repo.ts', 'util'],
  'node:stream': ['agent', 'cli', 'git'],
  'node:string_decoder': ['agent', 'cli', 'git', 'util'],
  'node:timers/promises': ['agent'],
  'node:zlib': ['git'],
  'node:util': ['agent', 'cli', 'util'],
}

/** Doors that are passed in as `Host` and `AmpContext`, so that tests can hand over others. */
const doors: readonly [RegExp, string][] = [
  [/(?<![.\w])process\.[a-z]/, 'process: take it from the context'],
  [/(?<![.\w])console\./, 'console: answer on context.ui'],
  [/\bDate\.now\(/, 'Date.now: ask host.now()'],
  [/\bnew Date\(\s*\)/, 'new Date(): ask host.now()'],
  [/\bMath\.random\b/, 'Math.random: ask host.random()'],
]
const knowsDoors: readonly string[] = ['bin.ts', 'processes.ts']

const within = (path: string, place: string): boolean => path === place || path.startsWith(`${place}/`)

function wrongImport({ from, to, isType, names }: Import): string | null {
  const isOurs = to.endsWith('.ts')
  const folder = from.split('/')[0] ?? ''
  if (isOurs) {
    const layer = layers[from] ?? layers[folder]
    if (layer === undefined) return `${from} is in no layer`
    const allowed = [...(from.includes('/') ? [folder] : []), ...layer.runs, ...(isType ? (layer.types ?? []) : [])]
    return allowed.some((place) => within(to, place)) ? null : `${from} ${isType ? 'takes types from' : 'runs'} ${to}`
  }
  if (isType) return null
  // Numbers, not a door.
  if ((to === 'node:fs' || to === 'node:os') && names.join() === 'constants') return null
  const home = homes[to]
  if (home === undefined) return `${from} uses ${to}, which has no home`
  return home.some((place) => within(from, place)) ? null : `${from} uses ${to}, whose home is ${home.join(', ')}`
}

function violations(file: string, text: string): string[] {
  const imports = importsOf(file, text)
    .map(wrongImport)
    .filter((one) => one !== null)
  const code = codeOf(text)
  const opened = knowsDoors.includes(file) ? [] : doors.filter(([door]) => door.test(code))
  return [...imports, ...opened.map(([, what]) => `${file} knows ${what}`)]
}

test('every import goes in the direction of the house', () => {
  const files = sourceFiles()
  expect(files.length).toBeGreaterThan(40)
  expect(files.flatMap((file) => violations(file, source(file)))).toEqual([])
})

test.each([
  ['state/x.ts', "import { Git } from '../git/run.js'", 'state/x.ts runs git/run.ts'],
  ['git/x.ts', "import {\n  type A,\n  b,\n} from '../state/chain.js'", 'git/x.ts runs state/chain.ts'],
  ['render/x.ts', "export { page } from '../cli/pager.js'", 'render/x.ts runs cli/pager.ts'],
  ['commands/x.ts', "const git = await import('../git/run.js')", 'commands/x.ts runs git/run.ts'],
  ['actions/x.ts', "import type { Ui } from '../cli/ui.js'", 'actions/x.ts takes types from cli/ui.ts'],
  [
    'actions/x.ts',
    "import { Option } from 'clipanion'",
    'actions/x.ts uses clipanion, whose home is main.ts, cli, commands',
  ],
  ['actions/x.ts', "import fs from 'node:fs'", 'actions/x.ts uses node:fs, whose home is bin.ts, processes.ts'],
  ['cli/x.ts', "import left from 'left-pad'", 'cli/x.ts uses left-pad, which has no home'],
  ['cli/x.ts', 'const dir = process.cwd()', 'cli/x.ts knows process: take it from the context'],
  ['util/x.ts', 'const t = Date.now() // now', 'util/x.ts knows Date.now: ask host.now()'],
  ['util/x.ts', 'const t = f(new Date( ))', 'util/x.ts knows new Date(): ask host.now()'],
])('%s: %s', (file, text, violation) => {
  expect(violations(file, text)).toEqual([violation])
})

test.each([
  ['git/x.ts', "import { type Oid, type Tip } from '../state/chain.js'"],
  ['render/x.ts', "import type { CommandSpec } from '../cli/spec.js'"],
  ['agent/x.ts', "import { constants } from 'node:fs'"],
  ['util/x.ts', "/** process.env */ // console.log\nconst text = 'process.env'"],
  ['main.ts', 'cli.process(words); new Date(seconds)'],
])('%s may: %s', (file, text) => {
  expect(violations(file, text)).toEqual([])
})
