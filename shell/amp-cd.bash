# amp-cd [<session>]: goes into the worktree of a session of git-amp. Without a session it is this one, or you choose.
amp-cd ()
{
	case "${1-}" in
	-h | --help)
		echo 'usage: amp-cd [<session>]' >&2
		return 129
		;;
	esac
	local dir
	dir="$(git amp path "$@")" && cd -- "$dir"
}

# Offers ids and names of sessions, without starting node.
_amp_cd ()
{
	local cur="${COMP_WORDS[COMP_CWORD]}" id subject word
	COMPREPLY=()
	[ "$COMP_CWORD" -eq 1 ] || return 0
	while read -r id subject; do
		for word in "$id" "$subject"; do
			case "$word" in
			"amp("*"): "*)
				word="${word#amp(}"
				word="${word%%)*}"
				;;
			"$subject") continue ;;
			esac
			[[ $word == "$cur"* ]] && COMPREPLY+=("$word")
		done
	done < <(git for-each-ref --format='%(refname:lstrip=3) %(contents:subject)' refs/amp/sessions 2>/dev/null)
}
complete -F _amp_cd amp-cd
