# Completion of "git amp". Made from the commands themselves by "npx vitest run tests/generated -u": do not edit.
# For conf.d: fish 3.6.0 finds no completions of git commands that are not part of git.
complete -c git -n __fish_git_needs_command -a amp -d 'isolated, reviewable, portable sessions for coding agents'
complete -c git -f -n '__fish_git_using_command amp' -a '(__fish_git_complete_custom_command amp)'
