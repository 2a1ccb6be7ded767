import type { CommandSpec, OptionSpec, Value } from '../cli/spec.js'
import {
  type Completable,
  type FirstWord,
  firstWords,
  header,
  lastWord,
  oneLine,
  quote,
  sessionFormat,
} from './completion.js'
import { tagline } from './overview.js'
import { visibleOptions } from './synopsis.js'

/**
 * The completion for zsh: a file `_git-amp` in `fpath`. zsh's own `_git` finds it there and shows the text behind `#description`.
 */
export function renderZsh({ specs, agents }: Completable): string {
  const words = firstWords(specs)
  return `${[
    '#compdef git-amp',
    `#description ${tagline}`,
    ...header('#'),
    '',
    functions.trim().replaceAll('@agents@', agents.join(' ')),
    '',
    '__git_amp_commands () {',
    '  local -a commands=(',
    ...words.map(({ word, description }) => `    ${quote(`${word}:${description}`)}`),
    '  )',
    "  _describe -t commands 'git amp command' commands",
    '}',
    '',
    ...words.flatMap(secondWords),
    '_git-amp () {',
    '  local curcontext=$curcontext state state_descr line ret=1',
    '  local -A opt_args',
    '  integer border',
    "  _arguments -C -S '(-)-h[show a short help]' '(-)--help[show the manual]' '--repo=[work in this repository]:dir:_directories' \\",
    "    '(-): :__git_amp_commands' '*:: :->command' && ret=0",
    '  [[ $state == command ]] || return ret',
    `  curcontext=\${curcontext%:*:*}:git-amp-$words[1]:`,
    '  case $words[1] in',
    ...words.flatMap(({ word, members }) =>
      members.length === 0
        ? specs.filter((spec) => spec.paths[0]?.[0] === word).flatMap((spec) => commandCase(spec))
        : groupCase(word, members),
    ),
    '    (*) _default && ret=0 ;;',
    '  esac',
    '  return ret',
    '}',
    '',
    '_git-amp "$@"',
  ].join('\n')}\n`
}

/** The function that offers the second words of a group. */
function secondWords({ word, members }: FirstWord): string[] {
  if (members.length === 0) return []
  return [
    `__git_amp_${word}_commands () {`,
    '  local -a commands=(',
    ...members.map((spec) => `    ${quote(`${lastWord(spec)}:${oneLine(spec.description)}`)}`),
    '  )',
    `  _describe -t commands 'git amp ${word} command' commands`,
    '}',
    '',
  ]
}

function groupCase(word: string, members: readonly CommandSpec[]): string[] {
  const lines = [
    `(${word})`,
    `  _arguments -C -S '(-)-h[show a short help]' '(-): :__git_amp_${word}_commands' '*:: :->second' && ret=0`,
    '  [[ $state == second ]] || return ret',
    '  case $words[1] in',
    ...members.flatMap((spec) => commandCase(spec)),
    '  esac',
    '  ;;',
  ]
  return lines.map((line) => `    ${line}`)
}

function commandCase(spec: CommandSpec): string[] {
  const lines = [
    ...visibleOptions(spec).flatMap(optionSpecs),
    ...['(-)-h[show a short help]', '(-)--help[show the manual]'].map(quote),
    ...spec.positionals.map(({ value, isRequired, repeats }) =>
      quote(`${repeats ? '*' : ''}${isRequired || repeats ? ':' : '::'}${escapeColons(value.label)}:${action(value)}`),
    ),
  ]
  const call = [
    '_arguments -s -S \\',
    ...lines.map((line, index) => `  ${line}${index < lines.length - 1 ? ' \\' : ' && ret=0'}`),
  ]
  const body = spec.rest === null ? call : withRest(spec.rest, call)
  return [`    (${spec.paths.map((path) => path.at(-1)).join('|')})`, ...[...body, ';;'].map((line) => `      ${line}`)]
}

/** `_arguments` has one rest only: what comes after `--` is looked at before. A program brings its own completion with it. */
function withRest(rest: Value, call: readonly string[]): string[] {
  const offer =
    rest.kind === 'program'
      ? ['(( CURRENT -= border ))', 'shift $border words', '_normal && ret=0']
      : [`${action(rest)} && ret=0`]
  return [
    'border=$words[(ie)--]',
    'if (( border < CURRENT )); then',
    ...offer.map((line) => `  ${line}`),
    'else',
    ...call.map((line) => `  ${line}`),
    'fi',
  ]
}

/** One argument of `_arguments` for each name. */
function optionSpecs(option: OptionSpec): string[] {
  const { names, value, isOptional } = option
  const text = oneLine(option.description).replace(/[[\]]/g, '\\$&')
  // A value may be given more than once (paragraphs of a message); a switch says the same twice.
  const before = value === null ? (names.length > 1 ? `(${names.join(' ')})` : '') : '*'
  return names.map((name) => {
    if (value === null) return quote(`${before}${name}[${text}]`)
    const join = name.startsWith('--') ? (isOptional ? '=-' : '=') : '+'
    const colons = isOptional ? '::' : ':'
    return quote(`${before}${name}${join}[${text}]${colons}${escapeColons(value.label)}:${action(value)}`)
  })
}

const escapeColons = (text: string): string => text.replaceAll(':', '\\:')

function action(value: Value): string {
  if (value.kind === 'words') return `(${value.words.join(' ')})`
  return actions[value.kind] ?? ' '
}

const actions: Readonly<Record<string, string>> = {
  session: '__git_amp_sessions',
  ref: '__git_amp_refs refs/heads refs/tags refs/remotes',
  branch: '__git_amp_refs refs/heads',
  remote: '__git_amp_remotes',
  agent: '__git_amp_agents',
  batch: '__git_amp_batches',
  command: '__git_amp_commands',
  program: '_command_names -e',
  dir: '_directories',
  file: '_files',
}

const functions = `
__git_amp_sessions () {
  local line subject
  local -a found
  for line in \${(f)"$(command git for-each-ref --format='${sessionFormat}' refs/amp/sessions 2>/dev/null)"}; do
    subject=\${line#* }
    found+=("\${line%% *}:$subject")
    [[ $subject == 'amp('*'): '* ]] && found+=("\${\${subject#amp\\(}%%\\)*}:$subject")
  done
  _describe -V -t sessions session found
}

__git_amp_batches () {
  local line
  local -a found
  for line in \${(f)"$(command git for-each-ref --format='${sessionFormat}' refs/amp/batches 2>/dev/null)"}; do
    found+=("\${line%% *}:\${line#* }")
  done
  _describe -V -t runs run found
}

__git_amp_refs () {
  local -a found
  # What _arguments puts in front of the namespaces are options of compadd.
  found=(\${(f)"$(command git for-each-ref --format='%(refname:short)' \${(M)@:#refs/*} 2>/dev/null)"})
  _wanted refs expl ref compadd -a found
}

__git_amp_remotes () {
  local -a found
  found=(\${(f)"$(command git remote 2>/dev/null)"})
  _wanted remotes expl remote compadd -a found
}

__git_amp_agents () {
  local -a found
  found=(\${(f)"$(command git config --name-only --get-regexp '^amp\\.agent\\..*\\.command$' 2>/dev/null)"})
  found=(@agents@ \${\${found#amp.agent.}%.command})
  _wanted agents expl agent compadd -a found
}
`
