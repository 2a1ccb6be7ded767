import type { CommandSpec } from '../cli/spec.js'
import {
  type Completable,
  commandWords,
  firstWords,
  header,
  kindWord,
  lastWord,
  sessionFormat,
  takesNextWord,
} from './completion.js'
import { visibleOptions } from './synopsis.js'

/**
 * The completion for bash. It is called by git's own completion, which looks for `_git_amp` and has bash-completion load a file of the
 * name `git-amp`; it uses the functions that git's completion provides.
 */
export function renderBash({ specs, agents }: Completable): string {
  const words = firstWords(specs)
  return `${[
    ...header('#'),
    '# Installed as "git-amp" in a directory of bash-completion, it is loaded by itself.',
    '',
    `__git_amp_commands="${words.map(({ word }) => word).join(' ')}"`,
    '',
    '# Prints the words that may follow the first one of a command of two.',
    '__git_amp_second ()',
    '{',
    '\tcase "$1" in',
    ...words.flatMap(({ word, members }) =>
      members.length === 0 ? [] : [`\t${word})\techo "${members.map(lastWord).join(' ')}" ;;`],
    ),
    '\tesac',
    '}',
    '',
    '# Sets what a command takes: its options, the values of options, its arguments, and the words after "--".',
    '__git_amp_table ()',
    '{',
    '\tcase "$1" in',
    ...specs.flatMap(tableEntry),
    '\tesac',
    '}',
    '',
    functions.trim().replaceAll('@agents@', agents.join(' ')),
  ].join('\n')}\n`
}

function tableEntry(spec: CommandSpec): string[] {
  const options = visibleOptions(spec)
  const shown = options.flatMap((option) =>
    option.names.filter((name) => name.startsWith('--')).map((name) => (takesNextWord(option) ? `${name}=` : name)),
  )
  const values = options.flatMap(({ names, value }) =>
    value === null ? [] : names.map((name) => `${name}=${kindWord(value)}`),
  )
  const joined = options.filter(({ isOptional }) => isOptional).flatMap(({ names }) => names)
  const positionals = spec.positionals.map(({ value, repeats }) => kindWord(value) + (repeats ? '+' : ''))
  return [
    `\t${commandWords(spec)
      .map((word) => (word.includes(' ') ? `"${word}"` : word))
      .join('|')})`,
    `\t\toptions="${[...shown, '--help'].join(' ')}"`,
    `\t\tvalues="${values.join(' ')}"`,
    ...(joined.length > 0 ? [`\t\tjoined="${joined.join(' ')}"`] : []),
    `\t\tpositionals="${positionals.join(' ')}"`,
    `\t\trest="${spec.rest === null ? '' : kindWord(spec.rest)}"`,
    '\t\t;;',
  ]
}

const functions = `
# Ids of all sessions, and the names of those that have one.
__git_amp_sessions ()
{
	local id subject
	__git for-each-ref --format='${sessionFormat}' refs/amp/sessions |
	while read -r id subject; do
		printf '%s\\n' "$id"
		case "$subject" in
		"amp("*"): "*)
			subject="\${subject#amp(}"
			printf '%s\\n' "\${subject%%)*}"
			;;
		esac
	done
}

__git_amp_agents ()
{
	printf '%s\\n' @agents@
	__git config --name-only --get-regexp '^amp\\.agent\\..*\\.command$' |
	while read -r key; do
		key="\${key#amp.agent.}"
		printf '%s\\n' "\${key%.command}"
	done
}

# Finds the kind of the value of option $1; fails when it takes none.
__git_amp_kind ()
{
	local pair
	for pair in $values; do
		if [ "\${pair%%=*}" = "$1" ]; then
			kind="\${pair#*=}"
			return 0
		fi
	done
	return 1
}

# Whether the value of option $1 is the next word.
__git_amp_takes_next ()
{
	case " $joined " in
	*" $1 "*) return 1 ;;
	esac
	__git_amp_kind "$1"
}

# Offers what a value of kind $1 can be, for what is typed of it in $2.
__git_amp_value ()
{
	case "$1" in
	session)	__gitcomp_nl "$(__git_amp_sessions)" "" "$2" ;;
	ref)	__git_complete_refs --cur="$2" ;;
	branch)	__gitcomp_nl "$(__git_heads)" "" "$2" ;;
	remote)	__gitcomp_nl "$(__git_remotes)" "" "$2" ;;
	agent)	__gitcomp_nl "$(__git_amp_agents)" "" "$2" ;;
	batch)	__gitcomp_nl "$(__git for-each-ref --format='%(refname:lstrip=3)' refs/amp/batches)" "" "$2" ;;
	command)	__gitcomp "$__git_amp_commands" "" "$2" ;;
	words:*)
		local list="\${1#words:}"
		__gitcomp "\${list//,/ }" "" "$2"
		;;
	dir)
		local IFS=$'\\n'
		compopt -o filenames 2>/dev/null
		COMPREPLY=($(compgen -d -- "$2"))
		;;
	program)
		local IFS=$'\\n'
		COMPREPLY=($(compgen -c -- "$2"))
		;;
	none)
		compopt +o bashdefault +o default 2>/dev/null
		COMPREPLY=()
		;;
	# Files are what bash itself offers when there is nothing else.
	*)	COMPREPLY=() ;;
	esac
}

# Offers the argument that comes after $1 others.
__git_amp_positional ()
{
	local one index=0
	for one in $positionals; do
		case "$one" in
		*+)
			__git_amp_value "\${one%+}" "$cur"
			return
			;;
		esac
		if [ "$index" -eq "$1" ]; then
			__git_amp_value "$one" "$cur"
			return
		fi
		index=$((index + 1))
	done
	__git_amp_value none "$cur"
}

_git_amp ()
{
	local IFS=$' \\t\\n'
	local options="--help --repo= --quiet" values="--repo=dir" joined="" positionals="" rest="" kind=""
	local name="" second="" given=0 border="" word="" i=$((\${__git_cmd_idx:-1} + 1))
	while [ "$i" -lt "$cword" ]; do
		word="\${words[i]}"
		case "$word" in
		--)
			border="$i"
			break
			;;
		-?*)
			if __git_amp_takes_next "$word"; then
				i=$((i + 1))
			fi
			;;
		*)
			if [ -z "$name" ]; then
				name="$word"
				second="$(__git_amp_second "$name")"
				__git_amp_table "$name"
			elif [ -n "$second" ]; then
				name="$name $word"
				second=""
				__git_amp_table "$name"
			else
				given=$((given + 1))
			fi
			;;
		esac
		i=$((i + 1))
	done

	if [ -n "$border" ]; then
		if [ "$rest" = program ] && [ "$cword" -gt $((border + 1)) ]; then
			rest=file
		fi
		if [ -n "$rest" ]; then
			__git_amp_value "$rest" "$cur"
		else
			__git_amp_positional $((given + cword - border - 1))
		fi
	elif [ "$i" -gt "$cword" ]; then
		__git_amp_value "$kind" "$cur"
	else
		case "$cur" in
		--*=*)
			if __git_amp_kind "\${cur%%=*}"; then
				__git_amp_value "$kind" "\${cur#*=}"
			fi
			;;
		-?*)	__gitcomp "$options" ;;
		*)
			if [ -z "$name" ]; then
				__gitcomp "$__git_amp_commands"
			elif [ -n "$second" ]; then
				__gitcomp "$second"
			else
				__git_amp_positional "$given"
			fi
			;;
		esac
	fi
}

# "git-amp" itself, for those who type it so.
if ! declare -F __git_complete >/dev/null && declare -F _completion_loader >/dev/null; then
	_completion_loader git
fi
if declare -F __git_complete >/dev/null; then
	__git_complete git-amp _git_amp
fi
`
