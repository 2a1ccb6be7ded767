# Goes into the worktree of a session of git-amp. Without a session it is this one, or you choose.
function amp-cd -d "Go into the worktree of a session" -a session
    if contains -- "$session" -h --help
        echo 'usage: amp-cd [<session>]' >&2
        return 129
    end
    set -l dir (git amp path $argv)
    and cd $dir
end
