# Completion of amp-cd: ids and names of sessions, without starting node.
function __amp_cd_sessions
    set -l lines (command git for-each-ref --format='%(refname:lstrip=3)%09%(contents:subject)' refs/amp/sessions 2>/dev/null)
    string replace -rf '^\S+\t(amp\(([^)]+)\): .*)$' '$2'\t'$1' -- $lines
    printf '%s\n' $lines
end
complete -c amp-cd -f
complete -c amp-cd -n 'test (count (commandline -opc)) = 1' -k -a '(__amp_cd_sessions)'
