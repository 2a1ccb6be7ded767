import { type AmpError, usage } from '../errors.js'
import type { Entry } from '../registry.js'
import { closest } from '../util/closest.js'

/** What the command line asks for. */
export type Call =
  | { kind: 'usage' }
  | { kind: 'group'; word: string }
  | { kind: 'help' }
  | { kind: 'command'; entry: Entry; argv: readonly string[] }

/** Common options may stand before the command, as in `git -C dir log`. */
const leadingSwitches: ReadonlySet<string> = new Set(['-q', '--quiet'])

/**
 * Finds the command that a command line calls. No command is `list`, so that `git amp --json` is `git amp list --json`.
 * @throws AmpError of kind `usage` for an unknown command
 */
export function findCall(argv: readonly string[], table: readonly Entry[]): Call {
  const start = commandIndex(argv)
  const word = argv[start]
  if (word === '-h') return { kind: 'usage' }
  if (word === '--help') return { kind: 'help' }
  if (/^-[Ccp]$|^--(no-pager|git-dir|work-tree|paginate|bare)\b/.test(word ?? ''))
    throw usage(
      `'${word}' is an option of git`,
      `Write it before "amp": "git ${word}${word === '-C' ? ' <dir>' : ''} amp ...".`,
    )
  const leading = argv.slice(0, start)
  if (word === undefined || word.startsWith('-')) return { kind: 'command', entry: named(table, 'list'), argv }
  const two = table.find((entry) => entry.names.includes(`${word} ${argv[start + 1] ?? ''}`))
  if (two !== undefined) return { kind: 'command', entry: two, argv: [...leading, ...argv.slice(start + 2)] }
  const next = argv[start + 1]
  const begins = table.some(({ names }) => names[0].startsWith(`${word} `))
  if (begins && (next === '-h' || next === '--help')) return { kind: 'group', word }
  const isGroup = next !== undefined && !next.startsWith('-') && begins
  return {
    kind: 'command',
    entry: named(table, isGroup ? `${word} ${next}` : word),
    argv: [...leading, ...argv.slice(start + 1)],
  }
}

/** The entry of a command, by any of its names. */
export function named(table: readonly Entry[], name: string): Entry {
  const entry = table.find((one) => one.names.includes(name))
  if (entry !== undefined) return entry
  const known = table.flatMap(({ names }) => names)
  // Commands of two words: the first one names them all.
  const [first] = name.split(' ')
  const members = known.filter((one) => one.startsWith(`${first} `))
  if (members.length > 0) throw secondWord(name, members)
  const similar = closest(name, known)
  throw usage(
    `unknown command '${name}'`,
    ...(similar.length > 0
      ? [
          `Did you mean ${similar
            .slice(0, 3)
            .map((one) => `"git amp ${one}"`)
            .join(' or ')}?`,
        ]
      : []),
    'See "git amp help" for all commands.',
  )
}

function secondWord(name: string, members: readonly string[]): AmpError {
  const [first, second] = name.split(' ')
  const [similar] = second === undefined ? [] : closest(name, members)
  return usage(
    second === undefined ? `'${first}' needs to be told what to do` : `unknown command '${name}'`,
    ...(similar === undefined ? [] : [`Did you mean "git amp ${similar}"?`]),
    `There are: ${members.join(', ')}.`,
  )
}

function commandIndex(argv: readonly string[]): number {
  let index = 0
  for (let word = argv[0]; word !== undefined; word = argv[index]) {
    if (leadingSwitches.has(word) || word.startsWith('--repo=')) index += 1
    else if (word === '--repo') index += 2
    else break
  }
  return Math.min(index, argv.length)
}
