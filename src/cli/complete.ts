import type { Value, ValueKind } from './spec.js'

/**
 * What the values of options are, by the option's long name, as `kind`, `kind:label` or `one|two`. A command that means something else
 * says so in its static `kinds`, where positionals are named too.
 */
const optionKinds: Readonly<Record<string, string>> = {
  agent: 'agent',
  base: 'ref:rev',
  batch: 'batch:run',
  file: 'file',
  format: 'none',
  home: 'dir:dir',
  into: 'branch:branch',
  iteration: 'none:n',
  jobs: 'none:n',
  label: 'none',
  message: 'none:text',
  model: 'none',
  name: 'none',
  onto: 'ref:rev',
  out: 'file:file',
  porcelain: 'none:version',
  prompt: 'none:text',
  push: 'remote:remote',
  remote: 'remote',
  repo: 'dir:dir',
  since: 'none:date',
  sort: 'none:key',
  test: 'none:command',
  timeout: 'none:time',
  until: 'none:date',
  worktree: 'dir:path',
  'idle-timeout': 'none:time',
  'max-cost': 'none:amount',
  'max-count': 'none:n',
  'max-iterations': 'none:n',
}

/** What a positional is, by its name, where the name is not a kind itself. */
const positionalKinds: Readonly<Record<string, string>> = {
  commit: 'ref',
  run: 'batch',
  name: 'none',
  path: 'file',
  prompt: 'none',
  rev: 'ref',
  text: 'none',
}

const kinds: ReadonlySet<string> = new Set<ValueKind>([
  'session',
  'ref',
  'branch',
  'remote',
  'agent',
  'batch',
  'dir',
  'file',
  'command',
  'program',
  'none',
])

type Kinds = Readonly<Record<string, string>>

/** The value of an option, by all its names. */
export function optionValue(names: readonly string[], own: Kinds): Value {
  const long = names.find((name) => name.startsWith('--')) ?? names[0] ?? ''
  const bare = long.replace(/^-+/, '')
  return parseValue(own[long] ?? own[bare] ?? optionKinds[bare], bare)
}

/** The value of a positional. */
export const positionalValue = (name: string, own: Kinds): Value =>
  parseValue(own[name] ?? positionalKinds[name] ?? name, name)

/** The words after `--`, from the synopsis the command gives (`<path>...`). */
export function restValue(synopsis: string, own: Kinds): Value {
  const label = synopsis.replace(/[[\]<>]|\.\.\./g, '').trim()
  const kind = /^(cmd|command|program)/.test(label) ? 'program' : /path|file/.test(label) ? 'file' : 'unknown'
  return parseValue(own['--'] ?? kind, label)
}

/** `kind`, `kind:label` or `one|two`; a single word ends in `|`, so that it is no mistyped kind. */
function parseValue(text: string | undefined, fallback: string): Value {
  const [, kind = '', label = fallback] = /^([^:]*)(?::(.*))?$/s.exec(text ?? 'unknown') ?? []
  if (kind.includes('|')) return { label, kind: 'words', words: kind.split('|').filter((word) => word !== '') }
  return { label, kind: kinds.has(kind) ? (kind as ValueKind) : 'unknown', words: [] }
}
