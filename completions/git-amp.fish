# Completion of "git amp". Made from the commands themselves by "npx vitest run tests/generated -u": do not edit.

# The command that is typed; fails when there is none yet.
function __git_amp_command
    set -l words (commandline -opc)
    set -l skip 0
    for word in $words[2..-1]
        if test $skip = 1
            set skip 0
        else if test "$word" = --repo
            set skip 1
        else if not string match -q -- '-*' $word
            echo $word
            return 0
        end
    end
    return 1
end

function __git_amp_using
    set -l name (__git_amp_command)
    and contains -- $name $argv
end

# Whether the word to complete comes after "--".
function __git_amp_border
    set -l valued -m --prompt -F --file --name --base --agent --model --test --worktree --repo
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

function __git_amp_refs
    command git for-each-ref --format='%(refname:short)%09%(contents:subject)' $argv 2>/dev/null
end

function __git_amp_agents
    printf '%s\n' amp shell
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
complete -c git-amp -n 'not __git_amp_command' -a help -d 'Show the manual of git-amp or of one command'

complete -c git-amp -n '__git_amp_using new; and not __git_amp_border' -s m -l prompt -x -d 'What the agent is to do; several are paragraphs'
complete -c git-amp -n '__git_amp_using new; and not __git_amp_border' -s F -l file -r -F -d 'Take the prompt from a file; - is standard input'
complete -c git-amp -n '__git_amp_using new; and not __git_amp_border' -s e -l edit -d 'Write the prompt in an editor'
complete -c git-amp -n '__git_amp_using new; and not __git_amp_border' -l name -x -d 'Name of the session; without it the prompt gives one'
complete -c git-amp -n '__git_amp_using new; and not __git_amp_border' -l base -x -a '(__git_amp_refs refs/heads refs/tags refs/remotes)' -d 'Start from this revision'
complete -c git-amp -n '__git_amp_using new; and not __git_amp_border' -l agent -x -a '(__git_amp_agents)' -d 'The agent that works in the session (amp.agent)'
complete -c git-amp -n '__git_amp_using new; and not __git_amp_border' -l model -x -d 'The model or mode the agent uses'
complete -c git-amp -n '__git_amp_using new; and not __git_amp_border' -l test -x -d 'Test command, run after every iteration (amp.test)'
complete -c git-amp -n '__git_amp_using new; and not __git_amp_border' -l worktree -x -a '(__fish_complete_directories)' -d 'Make the worktree at this path'
complete -c git-amp -n '__git_amp_using new; and not __git_amp_border' -l run -d 'Run the first iteration at once'
complete -c git-amp -n '__git_amp_using new; and not __git_amp_border' -l json -d 'Print the session as JSON'
complete -c git-amp -n '__git_amp_using new; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using new; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'

complete -c git-amp -n '__git_amp_using help; and not __git_amp_border' -l repo -x -a '(__fish_complete_directories)' -d 'Work in this repository, as "git -C <dir>" does'
complete -c git-amp -n '__git_amp_using help; and not __git_amp_border' -s q -l quiet -d 'Print only the answer, no progress and no hints'
complete -c git-amp -n '__git_amp_using help; and not __git_amp_border' -a '(__git_amp_commands)'
