import type { CommandSpec, OptionSpec, Value } from '../cli/spec.js'
import {
  type Completable,
  commandWords,
  firstWords,
  header,
  lastWord,
  oneLine,
  sessionFormat,
  quote as shellQuote,
  takesNextWord,
} from './completion.js'
import { tagline } from './overview.js'
import { visibleOptions } from './synopsis.js'

/** The completion for fish, of the command `git-amp`: fish itself hands `git amp ...` over to it. */
export function renderFish({ specs, agents }: Completable): string {
  const words = firstWords(specs)
  const valued = [
    ...new Set(
      specs
        .flatMap(visibleOptions)
        .filter(takesNextWord)
        .flatMap(({ names }) => names),
    ),
  ]
  return `${[
    ...header('#'),
    '',
    functions
      .trim()
      .replaceAll('@agents@', agents.join(' '))
      .replaceAll('@valued@', valued.join(' '))
      .replaceAll('@groups@', words.flatMap(({ word, members }) => (members.length === 0 ? [] : [word])).join(' ')),
    '',
    'complete -c git-amp -f',
    "complete -c git-amp -s h -d 'Show a short help'",
    "complete -c git-amp -l help -d 'Show the manual'",
    "complete -c git-amp -n 'not __git_amp_command' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository'",
    '',
    ...words.map(
      ({ word, description }) => `complete -c git-amp -n 'not __git_amp_command' -a ${word} -d ${quote(description)}`,
    ),
    ...words.flatMap(({ word, members }) =>
      members.map(
        (spec) =>
          `complete -c git-amp -n '__git_amp_using ${word}' -a ${lastWord(spec)} -d ${quote(oneLine(spec.description))}`,
      ),
    ),
    ...specs.flatMap((spec) => ['', ...commandLines(spec)]),
  ].join('\n')}\n`
}

/** fish 3.6.0 does not hand \`git amp\` over by itself (its issue 9457); in newer ones this says the same twice. */
export function renderFishShim(): string {
  return `${[
    ...header('#'),
    '# For conf.d: fish 3.6.0 finds no completions of git commands that are not part of git.',
    `complete -c git -n __fish_git_needs_command -a amp -d ${quote(tagline)}`,
    "complete -c git -f -n '__fish_git_using_command amp' -a '(__fish_git_complete_custom_command amp)'",
  ].join('\n')}\n`
}

function commandLines(spec: CommandSpec): string[] {
  const using = `__git_amp_using ${commandWords(spec)
    .map((word) => (word.includes(' ') ? `"${word}"` : word))
    .join(' ')}`
  const start = (condition: string) => `complete -c git-amp -n ${quote(condition)}`
  const kinds = new Map(spec.positionals.map(({ value }) => [`${value.kind} ${value.words.join(' ')}`, value]))
  const before = `${using}; and not __git_amp_border`
  return [
    ...visibleOptions(spec).map((option) => `${start(before)} ${optionFlags(option)}`),
    ...[...kinds.values()].flatMap((value) => offer(value).map((flags) => `${start(before)} ${flags}`)),
    ...(spec.rest === null
      ? []
      : offer(spec.rest).map((flags) => `${start(`${using}; and __git_amp_border`)} ${flags}`)),
  ]
}

function optionFlags({ names, value, isOptional, description }: OptionSpec): string {
  const flags = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`))
  if (value !== null) {
    // -x: a value and no files; -r with -F: a value that is a file. A value that may be left out has neither.
    const [offered = ''] = offer(value)
    if (isOptional) flags.push(offered)
    else flags.push(value.kind === 'file' || value.kind === 'program' ? `-r ${offered}` : `-x ${offered}`)
  }
  return [...flags.map((flag) => flag.trim()).filter((flag) => flag !== ''), '-d', quote(oneLine(description))].join(
    ' ',
  )
}

/** The flags that offer a value. */
function offer(value: Value): string[] {
  if (value.kind === 'words') return [`-a ${quote(value.words.join(' '))}`]
  const flags = offers[value.kind]
  return flags === undefined ? [] : [flags]
}

const offers: Readonly<Record<string, string>> = {
  session: "-k -a '(__git_amp_sessions)'",
  ref: "-a '(__git_amp_refs refs/heads refs/tags refs/remotes)'",
  branch: "-a '(__git_amp_refs refs/heads)'",
  remote: "-a '(command git remote 2>/dev/null)'",
  agent: "-a '(__git_amp_agents)'",
  batch: "-k -a '(__git_amp_batches)'",
  command: "-a '(__git_amp_commands)'",
  program: "-F -a '(__fish_complete_command)'",
  dir: "-a '(__fish_complete_directories)'",
  file: '-F',
}

/** Single quotes in fish: a backslash before a quote and a backslash. */
const quote = (text: string): string =>
  text.includes("'") || text.includes('\\') ? `'${text.replace(/['\\]/g, '\\$&')}'` : shellQuote(text)

const functions = `
# The command that is typed; fails when there is none yet.
function __git_amp_command
    set -l words (commandline -opc)
    set -l skip 0
    set -l name
    for word in $words[2..-1]
        if test $skip = 1
            set skip 0
        else if test "$word" = --repo
            set skip 1
        else if not string match -q -- '-*' $word
            set name $name $word
            if not contains -- $name[1] @groups@; or test (count $name) = 2
                break
            end
        end
    end
    test -n "$name"; and echo "$name"
end

function __git_amp_using
    set -l name (__git_amp_command)
    and contains -- $name $argv
end

# Whether the word to complete comes after "--".
function __git_amp_border
    set -l valued @valued@
    set -l skip 0
    for word in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
        else if test "$word" = --
            return 0
        else if contains -- $word $valued
            set skip 1
        end
    end
    return 1
end

function __git_amp_sessions
    set -l lines (command git for-each-ref --format='${sessionFormat.replace(' ', '%09')}' refs/amp/sessions 2>/dev/null)
    string replace -rf '^\\S+\\t(amp\\(([^)]+)\\): .*)$' '$2'\\t'$1' -- $lines
    printf '%s\\n' $lines
end

function __git_amp_batches
    command git for-each-ref --format='${sessionFormat.replace(' ', '%09')}' refs/amp/batches 2>/dev/null
end

function __git_amp_refs
    command git for-each-ref --format='%(refname:short)%09%(contents:subject)' $argv 2>/dev/null
end

function __git_amp_agents
    printf '%s\\n' @agents@
    command git config --name-only --get-regexp '^amp\\.agent\\..*\\.command$' 2>/dev/null | string replace -r '^amp\\.agent\\.(.*)\\.command$' '$1'
end

function __git_amp_commands
    complete -C 'git-amp '
end
`
