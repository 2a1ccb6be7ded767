# Completion of "git amp". Made from the commands themselves by "npx vitest run tests/generated -u": do not edit.

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
            if not contains -- $name[1] batch; or test (count $name) = 2
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
    set -l valued -m --prompt -F --file --name --base --agent --model --test --worktree --sparse --repo --manual --max-iterations -j --jobs --timeout --max-cost --message --resolve --reopen -d --delete --state --label --sort -n --max-count --format --remote --iteration --rev -C --context -B --before-context -A --after-context --since --until --by --batch --tables --out --with --onto --into --home --only --pick --keep --older-than --count
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
    set -l lines (command git for-each-ref --format='%(refname:lstrip=3)%09%(contents:subject)' refs/amp/sessions 2>/dev/null)
    string replace -rf '^\S+\t(amp\(([^)]+)\): .*)$' '$2'\t'$1' -- $lines
    printf '%s\n' $lines
end

function __git_amp_batches
    command git for-each-ref --format='%(refname:lstrip=3)%09%(contents:subject)' refs/amp/batches 2>/dev/null
end

function __git_amp_refs
    command git for-each-ref --format='%(refname:short)%09%(contents:subject)' $argv 2>/dev/null
end

function __git_amp_agents
    printf '%s\n' amp claude codex gemini opencode shell
    command git config --name-only --get-regexp '^amp\.agent\..*\.command$' 2>/dev/null | string replace -r '^amp\.agent\.(.*)\.command$' '$1'
end

function __git_amp_commands
    complete -C 'git-amp '
end

complete -c git-amp -f
complete -c git-amp -s h -d 'Show a short help'
complete -c git-amp -l help -d 'Show the manual'
complete -c git-amp -n 'not __git_amp_command' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository'

complete -c git-amp -n 'not __git_amp_command' -a new -d 'Start a session: a branch, a worktree and a recorded prompt'
complete -c git-amp -n 'not __git_amp_command' -a iterate -d 'Run the agent once; its work becomes one commit'
complete -c git-amp -n 'not __git_amp_command' -a stop -d 'Stop the agent that runs in a session; keep what it did'
complete -c git-amp -n 'not __git_amp_command' -a test -d 'Run the test command and record its result'
complete -c git-amp -n 'not __git_amp_command' -a comment -d 'Comment on lines of code for the next iteration, or list comments'
complete -c git-amp -n 'not __git_amp_command' -a rename -d 'Give a session another name'
complete -c git-amp -n 'not __git_amp_command' -a label -d 'Put labels on a session, or list them'
complete -c git-amp -n 'not __git_amp_command' -a exec -d 'Run any command in a session\'s worktree'
complete -c git-amp -n 'not __git_amp_command' -a setup -d 'Prepare a session\'s worktree: ignored files, submodules, the setup command'
complete -c git-amp -n 'not __git_amp_command' -a list -d 'List the sessions of this repository'
complete -c git-amp -n 'not __git_amp_command' -a show -d 'Show one session: goal, branch, iterations, tests'
complete -c git-amp -n 'not __git_amp_command' -a log -d 'Show iterations and manual commits in order'
complete -c git-amp -n 'not __git_amp_command' -a transcript -d 'Show what the agent said and did'
complete -c git-amp -n 'not __git_amp_command' -a why -d 'Tell the prompt, the agent and the iteration behind a line'
complete -c git-amp -n 'not __git_amp_command' -a blame -d 'Show who wrote each line, with session and iteration'
complete -c git-amp -n 'not __git_amp_command' -a search -d 'Search prompts, results, comments and transcripts'
complete -c git-amp -n 'not __git_amp_command' -a conflicts -d 'Tell which open sessions conflict, and the cheapest order to land them'
complete -c git-amp -n 'not __git_amp_command' -a usage -d 'Sum the tokens and the cost of iterations'
complete -c git-amp -n 'not __git_amp_command' -a export -d 'Write sessions as data, as a page or as patches'
complete -c git-amp -n 'not __git_amp_command' -a report -d 'Write a page about sessions: results, cost, tools'
complete -c git-amp -n 'not __git_amp_command' -a diff -d 'Show what a session changed, against its recorded base'
complete -c git-amp -n 'not __git_amp_command' -a range-diff -d 'Compare the commits of two sessions'
complete -c git-amp -n 'not __git_amp_command' -a path -d 'Print the path of a session\'s worktree'
complete -c git-amp -n 'not __git_amp_command' -a open -d 'Open a session\'s worktree in your editor'
complete -c git-amp -n 'not __git_amp_command' -a squash -d 'Make one commit of the amp: commits'
complete -c git-amp -n 'not __git_amp_command' -a rebase -d 'Put the session onto its base as it is now'
complete -c git-amp -n 'not __git_amp_command' -a merge -d 'Merge a session into its base branch'
complete -c git-amp -n 'not __git_amp_command' -a pick -d 'Take some of the work of a session'
complete -c git-amp -n 'not __git_amp_command' -a preflight -d 'Tell what a merge of a session would meet'
complete -c git-amp -n 'not __git_amp_command' -a pause -d 'Put a session aside with its uncommitted work'
complete -c git-amp -n 'not __git_amp_command' -a resume -d 'Bring a session back, here or in another clone'
complete -c git-amp -n 'not __git_amp_command' -a remove -d 'Remove sessions whose work is merged; keep their history'
complete -c git-amp -n 'not __git_amp_command' -a reopen -d 'Open a removed or merged session again'
complete -c git-amp -n 'not __git_amp_command' -a batch -d 'Run many prompts in many repositories'
complete -c git-amp -n 'not __git_amp_command' -a sync -d 'Exchange sessions with another repository'
complete -c git-amp -n 'not __git_amp_command' -a trust -d 'Show the commands of a repository or a session from elsewhere, and approve them'
complete -c git-amp -n 'not __git_amp_command' -a forget -d 'Forget a session or its transcript for good'
complete -c git-amp -n 'not __git_amp_command' -a resolve -d 'End a divergence by keeping one of its heads'
complete -c git-amp -n 'not __git_amp_command' -a undo -d 'Take back an operation of git-amp'
complete -c git-amp -n 'not __git_amp_command' -a oplog -d 'List what git-amp did here, newest first'
complete -c git-amp -n 'not __git_amp_command' -a gc -d 'Archive closed sessions, and let go of old trash and old operations'
complete -c git-amp -n 'not __git_amp_command' -a for-each -d 'Print every session in a form of your own'
complete -c git-amp -n 'not __git_amp_command' -a rev-parse -d 'Turn the name of a session into its id'
complete -c git-amp -n 'not __git_amp_command' -a doctor -d 'Look for what is wrong, and mend it'
complete -c git-amp -n 'not __git_amp_command' -a install -d 'Install completions, manual pages and a cd function; let plain git carry sessions'
complete -c git-amp -n 'not __git_amp_command' -a agents -d 'List the coding agents that can be used here'
complete -c git-amp -n 'not __git_amp_command' -a help -d 'Show the manual of git-amp or of one command'
complete -c git-amp -n 'not __git_amp_command' -a demo -d 'Run the whole workflow in a scratch repository'
complete -c git-amp -n '__git_amp_using batch' -a start -d 'Run many prompts in many repositories'
complete -c git-amp -n '__git_amp_using batch' -a list -d 'List the batch runs of this repository'
complete -c git-amp -n '__git_amp_using batch' -a status -d 'Show a batch run and each of its items'
complete -c git-amp -n '__git_amp_using batch' -a abort -d 'Stop a batch run; keep what its agents did'
complete -c git-amp -n '__git_amp_using batch' -a resume -d 'Go on with a batch run that was stopped or killed'
complete -c git-amp -n '__git_amp_using batch' -a export -d 'Write a batch run and its sessions as data'
complete -c git-amp -n '__git_amp_using batch' -a report -d 'Write a page about a batch run'
complete -c git-amp -n '__git_amp_using batch' -a compare -d 'Compare the attempts at the same prompt; pick a winner'
complete -c git-amp -n '__git_amp_using batch' -a diff -d 'Show what the sessions of a batch run changed'
complete -c git-amp -n '__git_amp_using batch' -a merge -d 'Merge the sessions of a batch run'
complete -c git-amp -n '__git_amp_using batch' -a pr -d 'Open pull requests for the sessions of a batch run'
complete -c git-amp -n '__git_amp_using batch' -a remove -d 'Remove the sessions of a batch run; keep their history'

complete -c git-amp -n '__git_amp_using new; and not __git_amp_border' -s m -l prompt -x -d 'What the agent is to do; several are paragraphs'
complete -c git-amp -n '__git_amp_using new; and not __git_amp_border' -s F -l file -r -F -d 'Take the prompt from a file; - is standard input'
complete -c git-amp -n '__git_amp_using new; and not __git_amp_border' -s e -l edit -d 'Write the prompt in an editor'
complete -c git-amp -n '__git_amp_using new; and not __git_amp_border' -l name -x -d 'Name of the session; without it the prompt gives one'
complete -c git-amp -n '__git_amp_using new; and not __git_amp_border' -l base -x -a '(__git_amp_refs refs/heads refs/tags refs/remotes)' -d 'Start from this revision'
complete -c git-amp -n '__git_amp_using new; and not __git_amp_border' -l agent -x -a '(__git_amp_agents)' -d 'The agent that works in the session (amp.agent)'
complete -c git-amp -n '__git_amp_using new; and not __git_amp_border' -l model -x -d 'The model or mode the agent uses'
complete -c git-amp -n '__git_amp_using new; and not __git_amp_border' -l test -x -d 'Test command, run after every iteration (amp.test)'
complete -c git-amp -n '__git_amp_using new; and not __git_amp_border' -l worktree -x -a '(__fish_complete_directories)' -d 'Make the worktree at this path'
complete -c git-amp -n '__git_amp_using new; and not __git_amp_border' -l sparse -x -a '(__fish_complete_directories)' -d 'Check out this directory alone, and the files above it; may be given several times'
complete -c git-amp -n '__git_amp_using new; and not __git_amp_border' -l no-setup -d 'Leave the worktree cold: copy no ignored files, run no setup command'
complete -c git-amp -n '__git_amp_using new; and not __git_amp_border' -l run -d 'Run the first iteration at once'
complete -c git-amp -n '__git_amp_using new; and not __git_amp_border' -l json -d 'Print the session as JSON'
complete -c git-amp -n '__git_amp_using new; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using new; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'

complete -c git-amp -n '__git_amp_using iterate run; and not __git_amp_border' -s m -l prompt -x -d 'What the agent is to do now; several are paragraphs'
complete -c git-amp -n '__git_amp_using iterate run; and not __git_amp_border' -s F -l file -r -F -d 'Take the prompt from a file; - is standard input'
complete -c git-amp -n '__git_amp_using iterate run; and not __git_amp_border' -s e -l edit -d 'Write the prompt in an editor'
complete -c git-amp -n '__git_amp_using iterate run; and not __git_amp_border' -l agent -x -a '(__git_amp_agents)' -d 'Another agent than the session has'
complete -c git-amp -n '__git_amp_using iterate run; and not __git_amp_border' -l model -x -d 'The model or mode the agent uses'
complete -c git-amp -n '__git_amp_using iterate run; and not __git_amp_border' -l manual -x -a 'commit refuse' -d 'What to do with changes found in the worktree: commit or refuse'
complete -c git-amp -n '__git_amp_using iterate run; and not __git_amp_border' -l until-pass -d 'Iterate again until the tests pass'
complete -c git-amp -n '__git_amp_using iterate run; and not __git_amp_border' -l max-iterations -x -d 'Try at most this often (10)'
complete -c git-amp -n '__git_amp_using iterate run; and not __git_amp_border' -l all -d 'Every open session that nothing runs in'
complete -c git-amp -n '__git_amp_using iterate run; and not __git_amp_border' -s j -l jobs -x -d 'So many sessions at a time (amp.jobs, 2)'
complete -c git-amp -n '__git_amp_using iterate run; and not __git_amp_border' -s d -l detach -d 'Run in the background'
complete -c git-amp -n '__git_amp_using iterate run; and not __git_amp_border' -l timeout -x -d 'Stop the agent after this time: 90s, 10m, 2h (amp.timeout)'
complete -c git-amp -n '__git_amp_using iterate run; and not __git_amp_border' -l max-cost -x -d 'Start no iteration once the session has cost this, in US dollars (amp.maxCost)'
complete -c git-amp -n '__git_amp_using iterate run; and not __git_amp_border' -s f -l force -d 'Go on although an iteration has not ended on another machine'
complete -c git-amp -n '__git_amp_using iterate run; and not __git_amp_border' -s v -l verbose -d 'Show all that the agent and the tests print'
complete -c git-amp -n '__git_amp_using iterate run; and not __git_amp_border' -l json -d 'Print the iterations as JSON'
complete -c git-amp -n '__git_amp_using iterate run; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using iterate run; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using iterate run; and not __git_amp_border' -k -a '(__git_amp_sessions)'

complete -c git-amp -n '__git_amp_using stop; and not __git_amp_border' -l all -d 'Every running session of this repository'
complete -c git-amp -n '__git_amp_using stop; and not __git_amp_border' -l json -d 'Print the iterations as JSON'
complete -c git-amp -n '__git_amp_using stop; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using stop; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using stop; and not __git_amp_border' -k -a '(__git_amp_sessions)'

complete -c git-amp -n '__git_amp_using test; and not __git_amp_border' -s f -l force -d 'Run although this tree has a result'
complete -c git-amp -n '__git_amp_using test; and not __git_amp_border' -l json -d 'Print the result as JSON'
complete -c git-amp -n '__git_amp_using test; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using test; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using test; and not __git_amp_border' -k -a '(__git_amp_sessions)'

complete -c git-amp -n '__git_amp_using comment; and not __git_amp_border' -s m -l message -x -d 'The comment; repeated, each is a paragraph'
complete -c git-amp -n '__git_amp_using comment; and not __git_amp_border' -s F -l file -r -F -d 'Take the comment from a file; - is standard input'
complete -c git-amp -n '__git_amp_using comment; and not __git_amp_border' -s e -l edit -d 'Write the comment in an editor'
complete -c git-amp -n '__git_amp_using comment; and not __git_amp_border' -l resolve -x -d 'Resolve this comment, by its id; may be repeated'
complete -c git-amp -n '__git_amp_using comment; and not __git_amp_border' -l reopen -x -d 'Open this comment again; may be repeated'
complete -c git-amp -n '__git_amp_using comment; and not __git_amp_border' -s a -l all -d 'List resolved comments as well'
complete -c git-amp -n '__git_amp_using comment; and not __git_amp_border' -l json -d 'Print the result as JSON'
complete -c git-amp -n '__git_amp_using comment; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using comment; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using comment; and not __git_amp_border' -k -a '(__git_amp_sessions)'
complete -c git-amp -n '__git_amp_using comment; and not __git_amp_border' -F

complete -c git-amp -n '__git_amp_using rename; and not __git_amp_border' -l json -d 'Print the session as JSON'
complete -c git-amp -n '__git_amp_using rename; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using rename; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using rename; and not __git_amp_border' -k -a '(__git_amp_sessions)'

complete -c git-amp -n '__git_amp_using label; and not __git_amp_border' -s d -l delete -x -d 'Take this label off; may be repeated'
complete -c git-amp -n '__git_amp_using label; and not __git_amp_border' -l json -d 'Print the labels as JSON'
complete -c git-amp -n '__git_amp_using label; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using label; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using label; and not __git_amp_border' -k -a '(__git_amp_sessions)'

complete -c git-amp -n '__git_amp_using exec; and not __git_amp_border' -l json -d 'Print exit code and output as JSON'
complete -c git-amp -n '__git_amp_using exec; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using exec; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using exec; and not __git_amp_border' -k -a '(__git_amp_sessions)'
complete -c git-amp -n '__git_amp_using exec; and __git_amp_border' -F -a '(__fish_complete_command)'

complete -c git-amp -n '__git_amp_using setup; and not __git_amp_border' -l no-copy -d 'Copy no ignored files'
complete -c git-amp -n '__git_amp_using setup; and not __git_amp_border' -l json -d 'Print the result as JSON'
complete -c git-amp -n '__git_amp_using setup; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using setup; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using setup; and not __git_amp_border' -k -a '(__git_amp_sessions)'

complete -c git-amp -n '__git_amp_using list ls; and not __git_amp_border' -s a -l all -d 'Merged and closed sessions too'
complete -c git-amp -n '__git_amp_using list ls; and not __git_amp_border' -l state -x -a 'idle running waiting interrupted failed diverged conflict review paused merged closed' -d 'Only sessions in this state; may be repeated'
complete -c git-amp -n '__git_amp_using list ls; and not __git_amp_border' -l label -x -d 'Only sessions with this label; repeated, with all of them'
complete -c git-amp -n '__git_amp_using list ls; and not __git_amp_border' -l sort -x -a 'updated created name state' -d 'Sort by updated, created, name or state; a leading - turns it round'
complete -c git-amp -n '__git_amp_using list ls; and not __git_amp_border' -s n -l max-count -x -d 'Show at most this many'
complete -c git-amp -n '__git_amp_using list ls; and not __git_amp_border' -l format -x -d 'Print each session in this form, as "git for-each-ref" does'
complete -c git-amp -n '__git_amp_using list ls; and not __git_amp_border' -l porcelain -a 'v1' -d 'Print records for scripts, in a form that stays'
complete -c git-amp -n '__git_amp_using list ls; and not __git_amp_border' -s z -d 'End lines with NUL instead of newline'
complete -c git-amp -n '__git_amp_using list ls; and not __git_amp_border' -l remote -x -a '(command git remote 2>/dev/null)' -d 'List the sessions of another repository; nothing of them is kept'
complete -c git-amp -n '__git_amp_using list ls; and not __git_amp_border' -l json -d 'Print the sessions as JSON'
complete -c git-amp -n '__git_amp_using list ls; and not __git_amp_border' -l watch -d 'Keep showing them on the terminal, as they change'
complete -c git-amp -n '__git_amp_using list ls; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using list ls; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'

complete -c git-amp -n '__git_amp_using show status; and not __git_amp_border' -l iteration -x -d 'Show this iteration'
complete -c git-amp -n '__git_amp_using show status; and not __git_amp_border' -l json -d 'Print the session as JSON'
complete -c git-amp -n '__git_amp_using show status; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using show status; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using show status; and not __git_amp_border' -k -a '(__git_amp_sessions)'

complete -c git-amp -n '__git_amp_using log; and not __git_amp_border' -l follow -d 'Show what the running agent does, as it happens'
complete -c git-amp -n '__git_amp_using log; and not __git_amp_border' -l format -x -d 'Print each item in this form: %(kind), %(at), %(by), %(commit), %(text)'
complete -c git-amp -n '__git_amp_using log; and not __git_amp_border' -l porcelain -a 'v1' -d 'Print records for scripts, in a form that stays'
complete -c git-amp -n '__git_amp_using log; and not __git_amp_border' -s z -d 'End lines with NUL instead of newline'
complete -c git-amp -n '__git_amp_using log; and not __git_amp_border' -l json -d 'Print the story as JSON'
complete -c git-amp -n '__git_amp_using log; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using log; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using log; and not __git_amp_border' -k -a '(__git_amp_sessions)'
complete -c git-amp -n '__git_amp_using log; and __git_amp_border' -F

complete -c git-amp -n '__git_amp_using transcript; and not __git_amp_border' -l iteration -x -d 'Show this iteration alone'
complete -c git-amp -n '__git_amp_using transcript; and not __git_amp_border' -l tools -d 'Show input and output of the tools whole'
complete -c git-amp -n '__git_amp_using transcript; and not __git_amp_border' -l raw -d 'Print the lines of the agent as they are stored'
complete -c git-amp -n '__git_amp_using transcript; and not __git_amp_border' -l json -d 'Print what happened as JSON, an event a line'
complete -c git-amp -n '__git_amp_using transcript; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using transcript; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using transcript; and not __git_amp_border' -k -a '(__git_amp_sessions)'

complete -c git-amp -n '__git_amp_using why; and not __git_amp_border' -l rev -x -a '(__git_amp_refs refs/heads refs/tags refs/remotes)' -d 'Look at the file as it was in this commit'
complete -c git-amp -n '__git_amp_using why; and not __git_amp_border' -l json -d 'Print the reasons as JSON'
complete -c git-amp -n '__git_amp_using why; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using why; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using why; and not __git_amp_border' -F

complete -c git-amp -n '__git_amp_using blame; and not __git_amp_border' -s l -d 'Print whole commit ids'
complete -c git-amp -n '__git_amp_using blame; and not __git_amp_border' -s s -d 'Leave out who and when'
complete -c git-amp -n '__git_amp_using blame; and not __git_amp_border' -s e -l show-email -d 'Print a human\'s mail address instead of the name'
complete -c git-amp -n '__git_amp_using blame; and not __git_amp_border' -l json -d 'Print the lines as JSON'
complete -c git-amp -n '__git_amp_using blame; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using blame; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using blame; and not __git_amp_border' -a '(__git_amp_refs refs/heads refs/tags refs/remotes)'
complete -c git-amp -n '__git_amp_using blame; and not __git_amp_border' -F
complete -c git-amp -n '__git_amp_using blame; and __git_amp_border' -F

complete -c git-amp -n '__git_amp_using search; and not __git_amp_border' -s i -l ignore-case -d 'Upper and lower case are the same'
complete -c git-amp -n '__git_amp_using search; and not __git_amp_border' -s E -l extended-regexp -d 'The text is a regular expression'
complete -c git-amp -n '__git_amp_using search; and not __git_amp_border' -s F -l fixed-strings -d 'The text is searched for as it stands, as it is without this'
complete -c git-amp -n '__git_amp_using search; and not __git_amp_border' -s C -l context -x -d 'Show this many lines around each match'
complete -c git-amp -n '__git_amp_using search; and not __git_amp_border' -s B -l before-context -x -d 'Show this many lines before each match'
complete -c git-amp -n '__git_amp_using search; and not __git_amp_border' -s A -l after-context -x -d 'Show this many lines after each match'
complete -c git-amp -n '__git_amp_using search; and not __git_amp_border' -l since -x -d 'Only what was said after this date'
complete -c git-amp -n '__git_amp_using search; and not __git_amp_border' -l until -x -d 'Only what was said before this date'
complete -c git-amp -n '__git_amp_using search; and not __git_amp_border' -l agent -x -a '(__git_amp_agents)' -d 'Only iterations of this agent'
complete -c git-amp -n '__git_amp_using search; and not __git_amp_border' -l file -r -F -d 'Only sessions that changed this file'
complete -c git-amp -n '__git_amp_using search; and not __git_amp_border' -s n -l max-count -x -d 'Stop after this many lines with a match'
complete -c git-amp -n '__git_amp_using search; and not __git_amp_border' -l json -d 'Print what is found as JSON, a text a line'
complete -c git-amp -n '__git_amp_using search; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using search; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'

complete -c git-amp -n '__git_amp_using conflicts; and not __git_amp_border' -l json -d 'Print the conflicts and the order as JSON'
complete -c git-amp -n '__git_amp_using conflicts; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using conflicts; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using conflicts; and not __git_amp_border' -k -a '(__git_amp_sessions)'

complete -c git-amp -n '__git_amp_using usage; and not __git_amp_border' -l by -x -a 'session agent model day' -d 'Sum by session, agent, model or day'
complete -c git-amp -n '__git_amp_using usage; and not __git_amp_border' -l since -x -d 'Only iterations that began at this date or later'
complete -c git-amp -n '__git_amp_using usage; and not __git_amp_border' -l until -x -d 'Only iterations that began at this date or earlier'
complete -c git-amp -n '__git_amp_using usage; and not __git_amp_border' -l format -x -a 'csv' -d 'Print the sums as csv'
complete -c git-amp -n '__git_amp_using usage; and not __git_amp_border' -l json -d 'Print the sums as JSON'
complete -c git-amp -n '__git_amp_using usage; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using usage; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using usage; and not __git_amp_border' -k -a '(__git_amp_sessions)'

complete -c git-amp -n '__git_amp_using export; and not __git_amp_border' -l batch -x -k -a '(__git_amp_batches)' -d 'Only the sessions of this batch run, in whatever repository they are'
complete -c git-amp -n '__git_amp_using export; and not __git_amp_border' -l since -x -d 'Only what happened at this date or later'
complete -c git-amp -n '__git_amp_using export; and not __git_amp_border' -l until -x -d 'Only what happened at this date or earlier'
complete -c git-amp -n '__git_amp_using export; and not __git_amp_border' -l tables -x -a 'sessions iterations tool_calls merges batches batch_items' -d 'These tables alone, separated by commas'
complete -c git-amp -n '__git_amp_using export; and not __git_amp_border' -l format -x -a 'json ndjson csv md html patch mbox' -d 'Write json, ndjson, csv, md, html, patch, mbox'
complete -c git-amp -n '__git_amp_using export; and not __git_amp_border' -l conversation -d 'In md and html: tell what the agent said and did (default)'
complete -c git-amp -n '__git_amp_using export; and not __git_amp_border' -l out -r -F -d 'Write to this file or directory; - is standard output'
complete -c git-amp -n '__git_amp_using export; and not __git_amp_border' -l json -d 'Print what was written as JSON; without --out the data itself'
complete -c git-amp -n '__git_amp_using export; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using export; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using export; and not __git_amp_border' -k -a '(__git_amp_sessions)'

complete -c git-amp -n '__git_amp_using report; and not __git_amp_border' -l batch -x -k -a '(__git_amp_batches)' -d 'Only the sessions of this batch run, in whatever repository they are'
complete -c git-amp -n '__git_amp_using report; and not __git_amp_border' -l since -x -d 'Only iterations that began at this date or later'
complete -c git-amp -n '__git_amp_using report; and not __git_amp_border' -l until -x -d 'Only iterations that began at this date or earlier'
complete -c git-amp -n '__git_amp_using report; and not __git_amp_border' -l format -x -a 'md html' -d 'Write md or html'
complete -c git-amp -n '__git_amp_using report; and not __git_amp_border' -l out -r -F -d 'Write to this file or directory; - is standard output'
complete -c git-amp -n '__git_amp_using report; and not __git_amp_border' -l json -d 'Print the figures as JSON'
complete -c git-amp -n '__git_amp_using report; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using report; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using report; and not __git_amp_border' -k -a '(__git_amp_sessions)'

complete -c git-amp -n '__git_amp_using diff; and not __git_amp_border' -l iteration -x -d 'Show one iteration, or from one to another: 2, 1..3'
complete -c git-amp -n '__git_amp_using diff; and not __git_amp_border' -l json -d 'Print the changed files as JSON'
complete -c git-amp -n '__git_amp_using diff; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using diff; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using diff; and not __git_amp_border' -k -a '(__git_amp_sessions)'
complete -c git-amp -n '__git_amp_using diff; and __git_amp_border' -F

complete -c git-amp -n '__git_amp_using range-diff; and not __git_amp_border' -l json -d 'Print which commits go together as JSON'
complete -c git-amp -n '__git_amp_using range-diff; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using range-diff; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using range-diff; and not __git_amp_border' -k -a '(__git_amp_sessions)'

complete -c git-amp -n '__git_amp_using path; and not __git_amp_border' -s z -d 'End the path with NUL instead of newline'
complete -c git-amp -n '__git_amp_using path; and not __git_amp_border' -l json -d 'Print the path as JSON'
complete -c git-amp -n '__git_amp_using path; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using path; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using path; and not __git_amp_border' -k -a '(__git_amp_sessions)'

complete -c git-amp -n '__git_amp_using open; and not __git_amp_border' -l with -r -F -a '(__fish_complete_command)' -d 'Start this command instead of an editor'
complete -c git-amp -n '__git_amp_using open; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using open; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using open; and not __git_amp_border' -k -a '(__git_amp_sessions)'

complete -c git-amp -n '__git_amp_using squash; and not __git_amp_border' -s m -l message -x -d 'Message of the new commit; several are paragraphs'
complete -c git-amp -n '__git_amp_using squash; and not __git_amp_border' -s F -l file -r -F -d 'Take the message from a file; - is standard input'
complete -c git-amp -n '__git_amp_using squash; and not __git_amp_border' -s e -l edit -d 'Write the message in an editor'
complete -c git-amp -n '__git_amp_using squash; and not __git_amp_border' -l manual -x -a 'keep include' -d 'Your own commits: keep them (default), or include them'
complete -c git-amp -n '__git_amp_using squash; and not __git_amp_border' -l onto -x -a '(__git_amp_refs refs/heads refs/tags refs/remotes)' -d 'Put the result onto this revision'
complete -c git-amp -n '__git_amp_using squash; and not __git_amp_border' -s n -l dry-run -d 'Only show what would be done, as a range-diff'
complete -c git-amp -n '__git_amp_using squash; and not __git_amp_border' -l json -d 'Print the result as JSON'
complete -c git-amp -n '__git_amp_using squash; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using squash; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using squash; and not __git_amp_border' -k -a '(__git_amp_sessions)'

complete -c git-amp -n '__git_amp_using rebase; and not __git_amp_border' -l onto -x -a '(__git_amp_refs refs/heads refs/tags refs/remotes)' -d 'Onto this revision instead of the base'
complete -c git-amp -n '__git_amp_using rebase; and not __git_amp_border' -l continue -d 'Go on after a conflict is resolved'
complete -c git-amp -n '__git_amp_using rebase; and not __git_amp_border' -l skip -d 'Leave out the commit that is in conflict, and go on'
complete -c git-amp -n '__git_amp_using rebase; and not __git_amp_border' -l abort -d 'Take the rebase back'
complete -c git-amp -n '__git_amp_using rebase; and not __git_amp_border' -l agent-resolve -d 'Let the session\'s agent resolve conflicts'
complete -c git-amp -n '__git_amp_using rebase; and not __git_amp_border' -s f -l force -d 'With --abort: give up a rebase that stands in another clone'
complete -c git-amp -n '__git_amp_using rebase; and not __git_amp_border' -s n -l dry-run -d 'Only find out whether it would work'
complete -c git-amp -n '__git_amp_using rebase; and not __git_amp_border' -l json -d 'Print the result as JSON'
complete -c git-amp -n '__git_amp_using rebase; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using rebase; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using rebase; and not __git_amp_border' -k -a '(__git_amp_sessions)'

complete -c git-amp -n '__git_amp_using merge; and not __git_amp_border' -l into -x -a '(__git_amp_refs refs/heads)' -d 'Into this branch instead of the base'
complete -c git-amp -n '__git_amp_using merge; and not __git_amp_border' -l squash -d 'As one new commit on the base'
complete -c git-amp -n '__git_amp_using merge; and not __git_amp_border' -l ff-only -d 'Only when the base can be fast-forwarded'
complete -c git-amp -n '__git_amp_using merge; and not __git_amp_border' -l no-ff -d 'Make a merge commit even when the base could be fast-forwarded'
complete -c git-amp -n '__git_amp_using merge; and not __git_amp_border' -l rebase -d 'Rebase first (default)'
complete -c git-amp -n '__git_amp_using merge; and not __git_amp_border' -l manual -x -a 'keep include' -d 'In a squash, your own commits: keep them (default), or include them'
complete -c git-amp -n '__git_amp_using merge; and not __git_amp_border' -s m -l message -x -d 'Message of the squash or merge commit; several are paragraphs'
complete -c git-amp -n '__git_amp_using merge; and not __git_amp_border' -s F -l file -r -F -d 'Take the message from a file; - is standard input'
complete -c git-amp -n '__git_amp_using merge; and not __git_amp_border' -s e -l edit -d 'Write the message in an editor'
complete -c git-amp -n '__git_amp_using merge; and not __git_amp_border' -l keep -d 'Keep worktree and branch'
complete -c git-amp -n '__git_amp_using merge; and not __git_amp_border' -l push -a '(command git remote 2>/dev/null)' -d 'Push the base afterwards, to its remote or to this one'
complete -c git-amp -n '__git_amp_using merge; and not __git_amp_border' -l pr -d 'Push the branch and open a pull request instead of merging'
complete -c git-amp -n '__git_amp_using merge; and not __git_amp_border' -s f -l force -d 'Merge although the last iteration was interrupted'
complete -c git-amp -n '__git_amp_using merge; and not __git_amp_border' -l check -d 'Only look at what the merge would meet'
complete -c git-amp -n '__git_amp_using merge; and not __git_amp_border' -l test -d 'With --check: run the tests on what would land. --no-test merges whatever they say'
complete -c git-amp -n '__git_amp_using merge; and not __git_amp_border' -l continue -d 'Go on with a merge that was stopped'
complete -c git-amp -n '__git_amp_using merge; and not __git_amp_border' -l abort -d 'Take back what a merge that was stopped has done'
complete -c git-amp -n '__git_amp_using merge; and not __git_amp_border' -s n -l dry-run -d 'Only show what would be done'
complete -c git-amp -n '__git_amp_using merge; and not __git_amp_border' -l json -d 'Print the result as JSON'
complete -c git-amp -n '__git_amp_using merge; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using merge; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using merge; and not __git_amp_border' -k -a '(__git_amp_sessions)'
complete -c git-amp -n '__git_amp_using merge; and not __git_amp_border' -a '(command git remote 2>/dev/null)'

complete -c git-amp -n '__git_amp_using pick; and not __git_amp_border' -s n -l dry-run -d 'Only show what would be taken'
complete -c git-amp -n '__git_amp_using pick; and not __git_amp_border' -l json -d 'Print the result as JSON'
complete -c git-amp -n '__git_amp_using pick; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using pick; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using pick; and not __git_amp_border' -k -a '(__git_amp_sessions)'
complete -c git-amp -n '__git_amp_using pick; and not __git_amp_border' -a '(__git_amp_refs refs/heads refs/tags refs/remotes)'
complete -c git-amp -n '__git_amp_using pick; and __git_amp_border' -F

complete -c git-amp -n '__git_amp_using preflight; and not __git_amp_border' -l into -x -a '(__git_amp_refs refs/heads)' -d 'Into this branch instead of the base'
complete -c git-amp -n '__git_amp_using preflight; and not __git_amp_border' -l squash -d 'As one new commit on the base'
complete -c git-amp -n '__git_amp_using preflight; and not __git_amp_border' -l ff-only -d 'Only when the base can be fast-forwarded'
complete -c git-amp -n '__git_amp_using preflight; and not __git_amp_border' -l no-ff -d 'Make a merge commit even when the base could be fast-forwarded'
complete -c git-amp -n '__git_amp_using preflight; and not __git_amp_border' -l test -d 'Run the tests on what would land'
complete -c git-amp -n '__git_amp_using preflight; and not __git_amp_border' -l json -d 'Print the checks as JSON'
complete -c git-amp -n '__git_amp_using preflight; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using preflight; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using preflight; and not __git_amp_border' -k -a '(__git_amp_sessions)'

complete -c git-amp -n '__git_amp_using pause; and not __git_amp_border' -l json -d 'Print the result as JSON'
complete -c git-amp -n '__git_amp_using pause; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using pause; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using pause; and not __git_amp_border' -k -a '(__git_amp_sessions)'

complete -c git-amp -n '__git_amp_using resume; and not __git_amp_border' -s f -l force -d 'Go on without the uncommitted work when it cannot be put back'
complete -c git-amp -n '__git_amp_using resume; and not __git_amp_border' -l json -d 'Print the result as JSON'
complete -c git-amp -n '__git_amp_using resume; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using resume; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using resume; and not __git_amp_border' -k -a '(__git_amp_sessions)'

complete -c git-amp -n '__git_amp_using remove rm cleanup; and not __git_amp_border' -s D -l delete-branch -d 'Delete the branch as well'
complete -c git-amp -n '__git_amp_using remove rm cleanup; and not __git_amp_border' -s f -l force -d 'Remove work that is nowhere else, after a snapshot'
complete -c git-amp -n '__git_amp_using remove rm cleanup; and not __git_amp_border' -l merged -d 'All sessions whose work is merged'
complete -c git-amp -n '__git_amp_using remove rm cleanup; and not __git_amp_border' -s n -l dry-run -d 'Only show what would be removed'
complete -c git-amp -n '__git_amp_using remove rm cleanup; and not __git_amp_border' -l json -d 'Print the result as JSON'
complete -c git-amp -n '__git_amp_using remove rm cleanup; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using remove rm cleanup; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using remove rm cleanup; and not __git_amp_border' -k -a '(__git_amp_sessions)'

complete -c git-amp -n '__git_amp_using reopen; and not __git_amp_border' -l json -d 'Print the result as JSON'
complete -c git-amp -n '__git_amp_using reopen; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using reopen; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using reopen; and not __git_amp_border' -k -a '(__git_amp_sessions)'

complete -c git-amp -n '__git_amp_using "batch start"; and not __git_amp_border' -l home -x -a '(__fish_complete_directories)' -d 'The repository that keeps the run, when it is another than this one'
complete -c git-amp -n '__git_amp_using "batch start"; and not __git_amp_border' -s F -l file -r -F -d 'The plan, YAML or JSON; - is standard input'
complete -c git-amp -n '__git_amp_using "batch start"; and not __git_amp_border' -s n -l dry-run -d 'Only check the plan and print what it would do'
complete -c git-amp -n '__git_amp_using "batch start"; and not __git_amp_border' -l again -d 'Run all of it, also what an earlier run has done'
complete -c git-amp -n '__git_amp_using "batch start"; and not __git_amp_border' -s j -l jobs -x -d 'So many items at a time, whatever the plan says'
complete -c git-amp -n '__git_amp_using "batch start"; and not __git_amp_border' -l max-cost -x -d 'Begin no item once the run has cost this, in US dollars'
complete -c git-amp -n '__git_amp_using "batch start"; and not __git_amp_border' -l timeout -x -d 'Stop the run after this time: 90s, 10m, 2h'
complete -c git-amp -n '__git_amp_using "batch start"; and not __git_amp_border' -l json -d 'Print the run or the plan as JSON'
complete -c git-amp -n '__git_amp_using "batch start"; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using "batch start"; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'

complete -c git-amp -n '__git_amp_using "batch list"; and not __git_amp_border' -l home -x -a '(__fish_complete_directories)' -d 'The repository that keeps the run, when it is another than this one'
complete -c git-amp -n '__git_amp_using "batch list"; and not __git_amp_border' -l max-count -x -d 'Show at most this many'
complete -c git-amp -n '__git_amp_using "batch list"; and not __git_amp_border' -l json -d 'Print the runs as JSON'
complete -c git-amp -n '__git_amp_using "batch list"; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using "batch list"; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'

complete -c git-amp -n '__git_amp_using "batch status"; and not __git_amp_border' -l home -x -a '(__fish_complete_directories)' -d 'The repository that keeps the run, when it is another than this one'
complete -c git-amp -n '__git_amp_using "batch status"; and not __git_amp_border' -l follow -d 'Print what happens until the run has ended'
complete -c git-amp -n '__git_amp_using "batch status"; and not __git_amp_border' -l json -d 'Print the run as JSON'
complete -c git-amp -n '__git_amp_using "batch status"; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using "batch status"; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using "batch status"; and not __git_amp_border' -k -a '(__git_amp_batches)'

complete -c git-amp -n '__git_amp_using "batch abort"; and not __git_amp_border' -l home -x -a '(__fish_complete_directories)' -d 'The repository that keeps the run, when it is another than this one'
complete -c git-amp -n '__git_amp_using "batch abort"; and not __git_amp_border' -l json -d 'Print the run as JSON'
complete -c git-amp -n '__git_amp_using "batch abort"; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using "batch abort"; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using "batch abort"; and not __git_amp_border' -k -a '(__git_amp_batches)'

complete -c git-amp -n '__git_amp_using "batch resume"; and not __git_amp_border' -l home -x -a '(__fish_complete_directories)' -d 'The repository that keeps the run, when it is another than this one'
complete -c git-amp -n '__git_amp_using "batch resume"; and not __git_amp_border' -l failed -d 'Also what has failed'
complete -c git-amp -n '__git_amp_using "batch resume"; and not __git_amp_border' -s j -l jobs -x -d 'So many items at a time, whatever the plan says'
complete -c git-amp -n '__git_amp_using "batch resume"; and not __git_amp_border' -l max-cost -x -d 'Begin no item once the run has cost this, in US dollars'
complete -c git-amp -n '__git_amp_using "batch resume"; and not __git_amp_border' -l timeout -x -d 'Stop after this time: 90s, 10m, 2h'
complete -c git-amp -n '__git_amp_using "batch resume"; and not __git_amp_border' -l json -d 'Print the run as JSON'
complete -c git-amp -n '__git_amp_using "batch resume"; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using "batch resume"; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using "batch resume"; and not __git_amp_border' -k -a '(__git_amp_batches)'

complete -c git-amp -n '__git_amp_using "batch export"; and not __git_amp_border' -l home -x -a '(__fish_complete_directories)' -d 'The repository that keeps the run, when it is another than this one'
complete -c git-amp -n '__git_amp_using "batch export"; and not __git_amp_border' -l format -x -a 'json ndjson csv' -d 'Write json, ndjson, csv'
complete -c git-amp -n '__git_amp_using "batch export"; and not __git_amp_border' -l out -r -F -d 'Write to this file or directory; - is standard output'
complete -c git-amp -n '__git_amp_using "batch export"; and not __git_amp_border' -l json -d 'Print what was written as JSON; without --out the data itself'
complete -c git-amp -n '__git_amp_using "batch export"; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using "batch export"; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using "batch export"; and not __git_amp_border' -k -a '(__git_amp_batches)'

complete -c git-amp -n '__git_amp_using "batch report"; and not __git_amp_border' -l home -x -a '(__fish_complete_directories)' -d 'The repository that keeps the run, when it is another than this one'
complete -c git-amp -n '__git_amp_using "batch report"; and not __git_amp_border' -l format -x -a 'md html' -d 'Write md or html'
complete -c git-amp -n '__git_amp_using "batch report"; and not __git_amp_border' -l out -r -F -d 'Write to this file or directory; - is standard output'
complete -c git-amp -n '__git_amp_using "batch report"; and not __git_amp_border' -l json -d 'Print the figures as JSON'
complete -c git-amp -n '__git_amp_using "batch report"; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using "batch report"; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using "batch report"; and not __git_amp_border' -k -a '(__git_amp_batches)'

complete -c git-amp -n '__git_amp_using "batch compare"; and not __git_amp_border' -l home -x -a '(__fish_complete_directories)' -d 'The repository that keeps the run, when it is another than this one'
complete -c git-amp -n '__git_amp_using "batch compare"; and not __git_amp_border' -l only -x -d 'Only items that fit this pattern'
complete -c git-amp -n '__git_amp_using "batch compare"; and not __git_amp_border' -l passed -d 'Only items that succeeded'
complete -c git-amp -n '__git_amp_using "batch compare"; and not __git_amp_border' -l pick -x -d 'Keep this session and remove the other attempts; may be repeated'
complete -c git-amp -n '__git_amp_using "batch compare"; and not __git_amp_border' -l json -d 'Print the attempts as JSON'
complete -c git-amp -n '__git_amp_using "batch compare"; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using "batch compare"; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using "batch compare"; and not __git_amp_border' -k -a '(__git_amp_batches)'

complete -c git-amp -n '__git_amp_using "batch diff"; and not __git_amp_border' -l home -x -a '(__fish_complete_directories)' -d 'The repository that keeps the run, when it is another than this one'
complete -c git-amp -n '__git_amp_using "batch diff"; and not __git_amp_border' -l only -x -d 'Only items that fit this pattern'
complete -c git-amp -n '__git_amp_using "batch diff"; and not __git_amp_border' -l passed -d 'Only items that succeeded'
complete -c git-amp -n '__git_amp_using "batch diff"; and not __git_amp_border' -l json -d 'Print the changed files as JSON'
complete -c git-amp -n '__git_amp_using "batch diff"; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using "batch diff"; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using "batch diff"; and not __git_amp_border' -k -a '(__git_amp_batches)'

complete -c git-amp -n '__git_amp_using "batch merge"; and not __git_amp_border' -l home -x -a '(__fish_complete_directories)' -d 'The repository that keeps the run, when it is another than this one'
complete -c git-amp -n '__git_amp_using "batch merge"; and not __git_amp_border' -l only -x -d 'Only items that fit this pattern'
complete -c git-amp -n '__git_amp_using "batch merge"; and not __git_amp_border' -l passed -d 'Only items that succeeded'
complete -c git-amp -n '__git_amp_using "batch merge"; and not __git_amp_border' -s n -l dry-run -d 'Only show what would be done'
complete -c git-amp -n '__git_amp_using "batch merge"; and not __git_amp_border' -l json -d 'Print the results as JSON'
complete -c git-amp -n '__git_amp_using "batch merge"; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using "batch merge"; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using "batch merge"; and not __git_amp_border' -k -a '(__git_amp_batches)'

complete -c git-amp -n '__git_amp_using "batch pr"; and not __git_amp_border' -l home -x -a '(__fish_complete_directories)' -d 'The repository that keeps the run, when it is another than this one'
complete -c git-amp -n '__git_amp_using "batch pr"; and not __git_amp_border' -l only -x -d 'Only items that fit this pattern'
complete -c git-amp -n '__git_amp_using "batch pr"; and not __git_amp_border' -l passed -d 'Only items that succeeded'
complete -c git-amp -n '__git_amp_using "batch pr"; and not __git_amp_border' -s n -l dry-run -d 'Only show what would be done'
complete -c git-amp -n '__git_amp_using "batch pr"; and not __git_amp_border' -l json -d 'Print the results as JSON'
complete -c git-amp -n '__git_amp_using "batch pr"; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using "batch pr"; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using "batch pr"; and not __git_amp_border' -k -a '(__git_amp_batches)'

complete -c git-amp -n '__git_amp_using "batch remove"; and not __git_amp_border' -l home -x -a '(__fish_complete_directories)' -d 'The repository that keeps the run, when it is another than this one'
complete -c git-amp -n '__git_amp_using "batch remove"; and not __git_amp_border' -l only -x -d 'Only items that fit this pattern'
complete -c git-amp -n '__git_amp_using "batch remove"; and not __git_amp_border' -l passed -d 'Only items that succeeded'
complete -c git-amp -n '__git_amp_using "batch remove"; and not __git_amp_border' -s D -l delete-branch -d 'Delete the branches as well'
complete -c git-amp -n '__git_amp_using "batch remove"; and not __git_amp_border' -s f -l force -d 'Remove work that is nowhere else, after a snapshot'
complete -c git-amp -n '__git_amp_using "batch remove"; and not __git_amp_border' -s n -l dry-run -d 'Only show what would be removed'
complete -c git-amp -n '__git_amp_using "batch remove"; and not __git_amp_border' -l json -d 'Print the result as JSON'
complete -c git-amp -n '__git_amp_using "batch remove"; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using "batch remove"; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using "batch remove"; and not __git_amp_border' -k -a '(__git_amp_batches)'

complete -c git-amp -n '__git_amp_using sync; and not __git_amp_border' -l fetch -d 'Only fetch and join'
complete -c git-amp -n '__git_amp_using sync; and not __git_amp_border' -l push -d 'Only push'
complete -c git-amp -n '__git_amp_using sync; and not __git_amp_border' -l transcripts -d 'Push transcripts, this time'
complete -c git-amp -n '__git_amp_using sync; and not __git_amp_border' -l snapshots -d 'Push the uncommitted work of paused sessions, this time'
complete -c git-amp -n '__git_amp_using sync; and not __git_amp_border' -s n -l dry-run -d 'Fetch, and only show what would be done'
complete -c git-amp -n '__git_amp_using sync; and not __git_amp_border' -l json -d 'Print the result as JSON'
complete -c git-amp -n '__git_amp_using sync; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using sync; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using sync; and not __git_amp_border' -a '(command git remote 2>/dev/null)'

complete -c git-amp -n '__git_amp_using trust; and not __git_amp_border' -l base -x -a '(__git_amp_refs refs/heads refs/tags refs/remotes)' -d 'Look at what is asked for at this revision'
complete -c git-amp -n '__git_amp_using trust; and not __git_amp_border' -l list -d 'List what is approved in this clone'
complete -c git-amp -n '__git_amp_using trust; and not __git_amp_border' -l revoke -d 'Take approvals back: of the repository, a session, or one by its digest'
complete -c git-amp -n '__git_amp_using trust; and not __git_amp_border' -l all -d 'With --revoke: every approval'
complete -c git-amp -n '__git_amp_using trust; and not __git_amp_border' -s n -l dry-run -d 'Only show it'
complete -c git-amp -n '__git_amp_using trust; and not __git_amp_border' -s f -l force -d 'Approve without a question'
complete -c git-amp -n '__git_amp_using trust; and not __git_amp_border' -l json -d 'Print the result as JSON'
complete -c git-amp -n '__git_amp_using trust; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using trust; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using trust; and not __git_amp_border' -k -a '(__git_amp_sessions)'

complete -c git-amp -n '__git_amp_using forget; and not __git_amp_border' -l transcript -d 'Only the transcripts'
complete -c git-amp -n '__git_amp_using forget; and not __git_amp_border' -s n -l dry-run -d 'Only show what would be forgotten'
complete -c git-amp -n '__git_amp_using forget; and not __git_amp_border' -s f -l force -d 'Do not ask'
complete -c git-amp -n '__git_amp_using forget; and not __git_amp_border' -l json -d 'Print the result as JSON'
complete -c git-amp -n '__git_amp_using forget; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using forget; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using forget; and not __git_amp_border' -k -a '(__git_amp_sessions)'

complete -c git-amp -n '__git_amp_using resolve; and not __git_amp_border' -l keep -x -a '(__git_amp_refs refs/heads refs/tags refs/remotes)' -d 'The head that stays, by its id or a revision'
complete -c git-amp -n '__git_amp_using resolve; and not __git_amp_border' -s n -l dry-run -d 'Only show what would be done'
complete -c git-amp -n '__git_amp_using resolve; and not __git_amp_border' -l json -d 'Print the result as JSON'
complete -c git-amp -n '__git_amp_using resolve; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using resolve; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using resolve; and not __git_amp_border' -k -a '(__git_amp_sessions)'

complete -c git-amp -n '__git_amp_using undo; and not __git_amp_border' -s n -l dry-run -d 'Only show what would be done'
complete -c git-amp -n '__git_amp_using undo; and not __git_amp_border' -l json -d 'Print the result as JSON'
complete -c git-amp -n '__git_amp_using undo; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using undo; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'

complete -c git-amp -n '__git_amp_using oplog; and not __git_amp_border' -s n -l max-count -x -d 'Show at most this many'
complete -c git-amp -n '__git_amp_using oplog; and not __git_amp_border' -l format -x -d 'Print each operation in this form, as "git for-each-ref" does'
complete -c git-amp -n '__git_amp_using oplog; and not __git_amp_border' -l porcelain -a 'v1' -d 'Print records for scripts, in a form that stays'
complete -c git-amp -n '__git_amp_using oplog; and not __git_amp_border' -s z -d 'End lines with NUL instead of newline'
complete -c git-amp -n '__git_amp_using oplog; and not __git_amp_border' -l json -d 'Print the operations as JSON'
complete -c git-amp -n '__git_amp_using oplog; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using oplog; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using oplog; and not __git_amp_border' -k -a '(__git_amp_sessions)'

complete -c git-amp -n '__git_amp_using gc; and not __git_amp_border' -l older-than -x -d 'Keep what is younger than this: 90d (default), 12h, 0'
complete -c git-amp -n '__git_amp_using gc; and not __git_amp_border' -s n -l dry-run -d 'Only show what would go'
complete -c git-amp -n '__git_amp_using gc; and not __git_amp_border' -l json -d 'Print the result as JSON'
complete -c git-amp -n '__git_amp_using gc; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using gc; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'

complete -c git-amp -n '__git_amp_using for-each; and not __git_amp_border' -l format -x -d 'The form of a line'
complete -c git-amp -n '__git_amp_using for-each; and not __git_amp_border' -l state -x -a 'idle running waiting interrupted failed diverged conflict review paused merged closed' -d 'Only sessions in this state; may be repeated'
complete -c git-amp -n '__git_amp_using for-each; and not __git_amp_border' -l sort -x -a 'updated created name state' -d 'Sort by updated, created, name or state; a leading - turns it round'
complete -c git-amp -n '__git_amp_using for-each; and not __git_amp_border' -l count -x -d 'Print at most this many'
complete -c git-amp -n '__git_amp_using for-each; and not __git_amp_border' -s z -d 'End lines with NUL instead of newline'
complete -c git-amp -n '__git_amp_using for-each; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using for-each; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'

complete -c git-amp -n '__git_amp_using rev-parse; and not __git_amp_border' -l head -d 'Print the commit that the session stands on'
complete -c git-amp -n '__git_amp_using rev-parse; and not __git_amp_border' -l base -d 'Print the commit that it began from'
complete -c git-amp -n '__git_amp_using rev-parse; and not __git_amp_border' -l branch -d 'Print the full name of its branch'
complete -c git-amp -n '__git_amp_using rev-parse; and not __git_amp_border' -l chain -d 'Print the tip of its history in refs/amp'
complete -c git-amp -n '__git_amp_using rev-parse; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using rev-parse; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using rev-parse; and not __git_amp_border' -k -a '(__git_amp_sessions)'

complete -c git-amp -n '__git_amp_using doctor; and not __git_amp_border' -l fix -d 'Mend what can be mended'
complete -c git-amp -n '__git_amp_using doctor; and not __git_amp_border' -s n -l dry-run -d 'Only show what would be done'
complete -c git-amp -n '__git_amp_using doctor; and not __git_amp_border' -l json -d 'Print the findings as JSON'
complete -c git-amp -n '__git_amp_using doctor; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using doctor; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'

complete -c git-amp -n '__git_amp_using install; and not __git_amp_border' -l completions -d 'Completions for bash, zsh and fish'
complete -c git-amp -n '__git_amp_using install; and not __git_amp_border' -l man -d 'The manual pages'
complete -c git-amp -n '__git_amp_using install; and not __git_amp_border' -l shell -d 'The function amp-cd for bash, zsh and fish'
complete -c git-amp -n '__git_amp_using install; and not __git_amp_border' -l sync -d 'Let git fetch and git push carry sessions'
complete -c git-amp -n '__git_amp_using install; and not __git_amp_border' -l fetch -d 'Of --sync, only git fetch'
complete -c git-amp -n '__git_amp_using install; and not __git_amp_border' -l push -d 'Of --sync, only git push'
complete -c git-amp -n '__git_amp_using install; and not __git_amp_border' -l uninstall -d 'Take away what was written'
complete -c git-amp -n '__git_amp_using install; and not __git_amp_border' -s f -l force -d 'Do not ask'
complete -c git-amp -n '__git_amp_using install; and not __git_amp_border' -s n -l dry-run -d 'Only show what would be written'
complete -c git-amp -n '__git_amp_using install; and not __git_amp_border' -l json -d 'Print the result as JSON'
complete -c git-amp -n '__git_amp_using install; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using install; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using install; and not __git_amp_border' -a '(command git remote 2>/dev/null)'

complete -c git-amp -n '__git_amp_using agents; and not __git_amp_border' -l format -x -d 'Print each agent in this form, as "git for-each-ref" does'
complete -c git-amp -n '__git_amp_using agents; and not __git_amp_border' -l porcelain -a 'v1' -d 'Print records for scripts, in a form that stays'
complete -c git-amp -n '__git_amp_using agents; and not __git_amp_border' -s z -d 'End lines with NUL instead of newline'
complete -c git-amp -n '__git_amp_using agents; and not __git_amp_border' -l json -d 'Print the agents as JSON'
complete -c git-amp -n '__git_amp_using agents; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using agents; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'

complete -c git-amp -n '__git_amp_using help; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using help; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using help; and not __git_amp_border' -a '(__git_amp_commands)'

complete -c git-amp -n '__git_amp_using demo; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using demo; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
