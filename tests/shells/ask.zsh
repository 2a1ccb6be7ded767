# Prints what zsh offers for each line in $4...; $1 separates the answers, $2 is put into fpath, $3 is a scratch folder.
# An interactive zsh on a pseudo-terminal completes the line; its compadd also writes down what it is given.
zmodload zsh/zpty zsh/zselect
separator=$1 folder=$2 scratch=$3
shift 3
cat >$scratch/rc.zsh <<EOF
PROMPT= RPROMPT= LISTMAX=100000
unsetopt beep
fpath=($folder \$fpath)
autoload -Uz compinit
compinit -u -D
compadd () {
  if [[ \${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then
    builtin compadd "\$@"
    return
  fi
  typeset -a __hits
  builtin compadd -O __hits "\$@"
  (( \$#__hits )) && print -rl -- \$__hits >>$scratch/hits
  builtin compadd "\$@"
}
ask () {
  zle list-choices
  print >$scratch/done
}
zle -N ask
bindkey '^T' ask
print >$scratch/done
EOF
await () {
  integer tries
  for (( tries = 0; tries < 2000; tries++ )); do
    zpty -r -t shell output
    [[ -e $scratch/done ]] && { rm $scratch/done; return 0 }
    zselect -t 1
  done
  print -u2 "zsh did not answer: $output"
  exit 1
}
zpty -b shell zsh -f -i
zpty -w shell "source $scratch/rc.zsh"
await
for line; do
  : >$scratch/hits
  zpty -w -n shell "$line"$'\C-t'
  await
  cat $scratch/hits
  print -r -- $separator
  zpty -w -n shell $'\C-u'
done
zpty -d shell
