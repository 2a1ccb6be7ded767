# Completion of "git amp". Made from the commands themselves by "npx vitest run tests/generated -u": do not edit.
# Installed as "git-amp" in a directory of bash-completion, it is loaded by itself.

__git_amp_commands="new iterate stop test comment rename label exec setup list show log transcript why blame search conflicts usage export report diff range-diff path open squash rebase merge pick preflight pause resume remove reopen batch sync trust forget resolve undo oplog gc for-each rev-parse doctor install agents help demo"

# Prints the words that may follow the first one of a command of two.
__git_amp_second ()
{
	case "$1" in
	batch)	echo "start list status abort resume export report compare diff merge pr remove" ;;
	esac
}

# Sets what a command takes: its options, the values of options, its arguments, and the words after "--".
__git_amp_table ()
{
	case "$1" in
	new)
		options="--prompt= --file= --edit --name= --base= --agent= --model= --test= --worktree= --sparse= --no-setup --run --json --repo= --quiet --help"
		values="-m=none --prompt=none -F=file --file=file --name=none --base=ref --agent=agent --model=none --test=none --worktree=dir --sparse=dir --repo=dir"
		positionals="none"
		rest=""
		;;
	iterate|run)
		options="--prompt= --file= --edit --agent= --model= --manual= --until-pass --max-iterations= --all --jobs= --detach --timeout= --max-cost= --force --verbose --json --repo= --quiet --help"
		values="-m=none --prompt=none -F=file --file=file --agent=agent --model=none --manual=words:commit,refuse --max-iterations=none -j=none --jobs=none --timeout=none --max-cost=none --repo=dir"
		positionals="session+"
		rest=""
		;;
	stop)
		options="--all --json --repo= --quiet --help"
		values="--repo=dir"
		positionals="session+"
		rest=""
		;;
	test)
		options="--force --json --repo= --quiet --help"
		values="--repo=dir"
		positionals="session"
		rest=""
		;;
	comment)
		options="--message= --file= --edit --resolve= --reopen= --all --json --repo= --quiet --help"
		values="-m=none --message=none -F=file --file=file --resolve=none --reopen=none --repo=dir"
		positionals="session file"
		rest=""
		;;
	rename)
		options="--json --repo= --quiet --help"
		values="--repo=dir"
		positionals="session none"
		rest=""
		;;
	label)
		options="--delete= --json --repo= --quiet --help"
		values="-d=none --delete=none --repo=dir"
		positionals="session none+"
		rest=""
		;;
	exec)
		options="--json --repo= --quiet --help"
		values="--repo=dir"
		positionals="session"
		rest="program"
		;;
	setup)
		options="--no-copy --json --repo= --quiet --help"
		values="--repo=dir"
		positionals="session"
		rest=""
		;;
	list|ls)
		options="--all --state= --label= --sort= --max-count= --format= --porcelain --remote= --json --watch --repo= --quiet --help"
		values="--state=words:idle,running,waiting,interrupted,failed,diverged,conflict,review,paused,merged,closed --label=none --sort=words:updated,created,name,state -n=none --max-count=none --format=none --porcelain=words:v1 --remote=remote --repo=dir"
		joined="--porcelain"
		positionals=""
		rest=""
		;;
	show|status)
		options="--iteration= --json --repo= --quiet --help"
		values="--iteration=none --repo=dir"
		positionals="session"
		rest=""
		;;
	log)
		options="--follow --format= --porcelain --json --repo= --quiet --help"
		values="--format=none --porcelain=words:v1 --repo=dir"
		joined="--porcelain"
		positionals="session"
		rest="file"
		;;
	transcript)
		options="--iteration= --tools --raw --json --repo= --quiet --help"
		values="--iteration=none --repo=dir"
		positionals="session"
		rest=""
		;;
	why)
		options="--rev= --json --repo= --quiet --help"
		values="--rev=ref --repo=dir"
		positionals="file"
		rest=""
		;;
	blame)
		options="--show-email --json --repo= --quiet --help"
		values="--repo=dir"
		positionals="ref file"
		rest="file"
		;;
	search)
		options="--ignore-case --extended-regexp --fixed-strings --context= --before-context= --after-context= --since= --until= --agent= --file= --max-count= --json --repo= --quiet --help"
		values="-C=none --context=none -B=none --before-context=none -A=none --after-context=none --since=none --until=none --agent=agent --file=file -n=none --max-count=none --repo=dir"
		positionals="none"
		rest=""
		;;
	conflicts)
		options="--json --repo= --quiet --help"
		values="--repo=dir"
		positionals="session+"
		rest=""
		;;
	usage)
		options="--by= --since= --until= --format= --json --repo= --quiet --help"
		values="--by=words:session,agent,model,day --since=none --until=none --format=words:csv --repo=dir"
		positionals="session+"
		rest=""
		;;
	export)
		options="--batch= --since= --until= --tables= --format= --conversation --out= --json --repo= --quiet --help"
		values="--batch=batch --since=none --until=none --tables=words:sessions,iterations,tool_calls,merges,batches,batch_items --format=words:json,ndjson,csv,md,html,patch,mbox --out=file --repo=dir"
		positionals="session+"
		rest=""
		;;
	report)
		options="--batch= --since= --until= --format= --out= --json --repo= --quiet --help"
		values="--batch=batch --since=none --until=none --format=words:md,html --out=file --repo=dir"
		positionals="session+"
		rest=""
		;;
	diff)
		options="--iteration= --json --repo= --quiet --help"
		values="--iteration=none --repo=dir"
		positionals="session session"
		rest="file"
		;;
	range-diff)
		options="--json --repo= --quiet --help"
		values="--repo=dir"
		positionals="session session"
		rest=""
		;;
	path)
		options="--json --repo= --quiet --help"
		values="--repo=dir"
		positionals="session"
		rest=""
		;;
	open)
		options="--with= --repo= --quiet --help"
		values="--with=program --repo=dir"
		positionals="session"
		rest=""
		;;
	squash)
		options="--message= --file= --edit --manual= --onto= --dry-run --json --repo= --quiet --help"
		values="-m=none --message=none -F=file --file=file --manual=words:keep,include --onto=ref --repo=dir"
		positionals="session"
		rest=""
		;;
	rebase)
		options="--onto= --continue --skip --abort --agent-resolve --force --dry-run --json --repo= --quiet --help"
		values="--onto=ref --repo=dir"
		positionals="session"
		rest=""
		;;
	merge)
		options="--into= --squash --ff-only --no-ff --rebase --manual= --message= --file= --edit --keep --push --pr --force --check --test --continue --abort --dry-run --json --repo= --quiet --help"
		values="--into=branch --manual=words:keep,include -m=none --message=none -F=file --file=file --push=remote --repo=dir"
		joined="--push"
		positionals="session remote"
		rest=""
		;;
	pick)
		options="--dry-run --json --repo= --quiet --help"
		values="--repo=dir"
		positionals="session ref+"
		rest="file"
		;;
	preflight)
		options="--into= --squash --ff-only --no-ff --test --json --repo= --quiet --help"
		values="--into=branch --repo=dir"
		positionals="session"
		rest=""
		;;
	pause)
		options="--json --repo= --quiet --help"
		values="--repo=dir"
		positionals="session"
		rest=""
		;;
	resume)
		options="--force --json --repo= --quiet --help"
		values="--repo=dir"
		positionals="session"
		rest=""
		;;
	remove|rm|cleanup)
		options="--delete-branch --force --merged --dry-run --json --repo= --quiet --help"
		values="--repo=dir"
		positionals="session+"
		rest=""
		;;
	reopen)
		options="--json --repo= --quiet --help"
		values="--repo=dir"
		positionals="session"
		rest=""
		;;
	"batch start")
		options="--home= --file= --dry-run --again --jobs= --max-cost= --timeout= --json --repo= --quiet --help"
		values="--home=dir -F=file --file=file -j=none --jobs=none --max-cost=none --timeout=none --repo=dir"
		positionals=""
		rest=""
		;;
	"batch list")
		options="--home= --max-count= --json --repo= --quiet --help"
		values="--home=dir --max-count=none --repo=dir"
		positionals=""
		rest=""
		;;
	"batch status")
		options="--home= --follow --json --repo= --quiet --help"
		values="--home=dir --repo=dir"
		positionals="batch"
		rest=""
		;;
	"batch abort")
		options="--home= --json --repo= --quiet --help"
		values="--home=dir --repo=dir"
		positionals="batch"
		rest=""
		;;
	"batch resume")
		options="--home= --failed --jobs= --max-cost= --timeout= --json --repo= --quiet --help"
		values="--home=dir -j=none --jobs=none --max-cost=none --timeout=none --repo=dir"
		positionals="batch"
		rest=""
		;;
	"batch export")
		options="--home= --format= --out= --json --repo= --quiet --help"
		values="--home=dir --format=words:json,ndjson,csv --out=file --repo=dir"
		positionals="batch"
		rest=""
		;;
	"batch report")
		options="--home= --format= --out= --json --repo= --quiet --help"
		values="--home=dir --format=words:md,html --out=file --repo=dir"
		positionals="batch"
		rest=""
		;;
	"batch compare")
		options="--home= --only= --passed --pick= --json --repo= --quiet --help"
		values="--home=dir --only=none --pick=none --repo=dir"
		positionals="batch"
		rest=""
		;;
	"batch diff")
		options="--home= --only= --passed --json --repo= --quiet --help"
		values="--home=dir --only=none --repo=dir"
		positionals="batch"
		rest=""
		;;
	"batch merge")
		options="--home= --only= --passed --dry-run --json --repo= --quiet --help"
		values="--home=dir --only=none --repo=dir"
		positionals="batch"
		rest=""
		;;
	"batch pr")
		options="--home= --only= --passed --dry-run --json --repo= --quiet --help"
		values="--home=dir --only=none --repo=dir"
		positionals="batch"
		rest=""
		;;
	"batch remove")
		options="--home= --only= --passed --delete-branch --force --dry-run --json --repo= --quiet --help"
		values="--home=dir --only=none --repo=dir"
		positionals="batch"
		rest=""
		;;
	sync)
		options="--fetch --push --transcripts --snapshots --dry-run --json --repo= --quiet --help"
		values="--repo=dir"
		positionals="remote"
		rest=""
		;;
	trust)
		options="--base= --list --revoke --all --dry-run --force --json --repo= --quiet --help"
		values="--base=ref --repo=dir"
		positionals="session"
		rest=""
		;;
	forget)
		options="--transcript --dry-run --force --json --repo= --quiet --help"
		values="--repo=dir"
		positionals="session"
		rest=""
		;;
	resolve)
		options="--keep= --dry-run --json --repo= --quiet --help"
		values="--keep=ref --repo=dir"
		positionals="session"
		rest=""
		;;
	undo)
		options="--dry-run --json --repo= --quiet --help"
		values="--repo=dir"
		positionals="none"
		rest=""
		;;
	oplog)
		options="--max-count= --format= --porcelain --json --repo= --quiet --help"
		values="-n=none --max-count=none --format=none --porcelain=words:v1 --repo=dir"
		joined="--porcelain"
		positionals="session"
		rest=""
		;;
	gc)
		options="--older-than= --dry-run --json --repo= --quiet --help"
		values="--older-than=none --repo=dir"
		positionals=""
		rest=""
		;;
	for-each)
		options="--format= --state= --sort= --count= --repo= --quiet --help"
		values="--format=none --state=words:idle,running,waiting,interrupted,failed,diverged,conflict,review,paused,merged,closed --sort=words:updated,created,name,state --count=none --repo=dir"
		positionals=""
		rest=""
		;;
	rev-parse)
		options="--head --base --branch --chain --repo= --quiet --help"
		values="--repo=dir"
		positionals="session"
		rest=""
		;;
	doctor)
		options="--fix --dry-run --json --repo= --quiet --help"
		values="--repo=dir"
		positionals=""
		rest=""
		;;
	install)
		options="--completions --man --shell --sync --fetch --push --uninstall --force --dry-run --json --repo= --quiet --help"
		values="--repo=dir"
		positionals="remote"
		rest=""
		;;
	agents)
		options="--format= --porcelain --json --repo= --quiet --help"
		values="--format=none --porcelain=words:v1 --repo=dir"
		joined="--porcelain"
		positionals=""
		rest=""
		;;
	help)
		options="--repo= --quiet --help"
		values="--repo=dir"
		positionals="command+"
		rest=""
		;;
	demo)
		options="--repo= --quiet --help"
		values="--repo=dir"
		positionals=""
		rest=""
		;;
	esac
}

# Ids of all sessions, and the names of those that have one.
__git_amp_sessions ()
{
	local id subject
	__git for-each-ref --format='%(refname:lstrip=3) %(contents:subject)' refs/amp/sessions |
	while read -r id subject; do
		printf '%s\n' "$id"
		case "$subject" in
		"amp("*"): "*)
			subject="${subject#amp(}"
			printf '%s\n' "${subject%%)*}"
			;;
		esac
	done
}

__git_amp_agents ()
{
	printf '%s\n' amp claude codex gemini opencode shell
	__git config --name-only --get-regexp '^amp\.agent\..*\.command$' |
	while read -r key; do
		key="${key#amp.agent.}"
		printf '%s\n' "${key%.command}"
	done
}

# Finds the kind of the value of option $1; fails when it takes none.
__git_amp_kind ()
{
	local pair
	for pair in $values; do
		if [ "${pair%%=*}" = "$1" ]; then
			kind="${pair#*=}"
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
		local list="${1#words:}"
		__gitcomp "${list//,/ }" "" "$2"
		;;
	dir)
		local IFS=$'\n'
		compopt -o filenames 2>/dev/null
		COMPREPLY=($(compgen -d -- "$2"))
		;;
	program)
		local IFS=$'\n'
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
			__git_amp_value "${one%+}" "$cur"
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
	local IFS=$' \t\n'
	local options="--help --repo= --quiet" values="--repo=dir" joined="" positionals="" rest="" kind=""
	local name="" second="" given=0 border="" word="" i=$((${__git_cmd_idx:-1} + 1))
	while [ "$i" -lt "$cword" ]; do
		word="${words[i]}"
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
			if __git_amp_kind "${cur%%=*}"; then
				__git_amp_value "$kind" "${cur#*=}"
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
