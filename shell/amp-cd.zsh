# amp-cd [<session>]: goes into the worktree of a session of git-amp. Without a session it is this one, or you choose.
amp-cd () {
  case "${1-}" in
    (-h|--help)
      print -u2 'usage: amp-cd [<session>]'
      return 129
      ;;
  esac
  local dir
  dir="$(git amp path "$@")" && cd -- "$dir"
}

# Offers ids and names of sessions, without starting node.
_amp_cd () {
  local line subject
  local -a found
  (( CURRENT == 2 )) || return 1
  for line in ${(f)"$(command git for-each-ref --format='%(refname:lstrip=3) %(contents:subject)' refs/amp/sessions 2>/dev/null)"}; do
    subject=${line#* }
    found+=("${line%% *}:$subject")
    [[ $subject == 'amp('*'): '* ]] && found+=("${${subject#amp\(}%%\)*}:$subject")
  done
  _describe -V -t sessions session found
}
if (( $+functions[compdef] )); then compdef _amp_cd amp-cd; fi
