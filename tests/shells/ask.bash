# Prints what bash offers for each line of completions in $2..., through git's own completion; $1 separates the answers.
# An equals sign stands alone among readline's words, so it does here.
source /usr/share/bash-completion/bash_completion
source /usr/share/bash-completion/completions/git
separator="$1"
shift
for line; do
	COMP_LINE="$line"
	COMP_POINT=${#line}
	spaced="${line//=/ = }"
	read -r -a COMP_WORDS <<<"$spaced"
	case "$line" in *" " | *=) COMP_WORDS+=("") ;; esac
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	COMPREPLY=()
	case "$line" in
	git-amp*)
		declare -F __git_wrap_git_amp >/dev/null || _completion_loader git-amp
		__git_wrap_git_amp
		;;
	*) __git_wrap__git_main ;;
	esac
	printf '%s\n' "${COMPREPLY[@]}" "$separator"
done
