import type { Checkout } from './look.js'
import type { Dice } from './world.js'

/** Lines of the files that sequences begin with: so many that changes at both ends do not meet. */
const lines = 24
const firstFiles = ['f', 'd/f', 'd/g']
const newFiles = ['n', 'd/n', 'sp ace', '-dash', 'new\nline', 'em 🎉 oji', 'd/e/p', 'q"uote', ':top', 'f.txt']

/** A word as bash reads it. */
export const quote = (text: string): string =>
  /[\n']/.test(text) ? `$'${text.replace(/[\\']/g, '\\$&').replaceAll('\n', '\\n')}'` : `'${text}'`

/** A path that is no option. */
const at = (path: string): string => quote(`./${path}`)

/** The files that every repository begins with. */
export const begin = (dir: string): string =>
  [
    `cd ${quote(dir)}`,
    'mkdir d',
    ...firstFiles.map((path) => `seq -f '${path} %g' ${lines} >${path}`),
    'printf "#!/bin/sh\\n" >run.sh',
    'chmod +x run.sh',
    'ln -s d/f link',
    'echo "*.log" >.gitignore',
    'git add -A',
    'git commit -qm Files',
  ].join('; ')

/** Names of files that a step may work on. */
const there = ({ files }: Checkout): string[] =>
  [...files.keys()].filter((path) => !['.gitignore', 'README.md', 'work.log'].includes(path))

/** A change of files in a worktree, as shell commands that never fail: few names and few contents, so that they meet. */
export function edit(dice: Dice, checkout: Checkout): string {
  const present = there(checkout)
  const texts = present.filter((path) => (checkout.files.get(path) ?? '').split('\n').length > lines)
  const path = present.length === 0 ? 'f' : dice.one(present)
  const value = dice.one(['a', 'b', 'c'])
  const fresh = dice.one(newFiles)
  const line = `sed -i '${1 + dice.upTo(4) * 7}s/.*/${value}/' ${at(texts.length === 0 ? path : dice.one(texts))} || :`
  const write = `${room(fresh)}printf '%s\\n' ${value} >${at(fresh)}`
  const choices: [number, string][] = [
    [10, line],
    [5, write],
    [2, `rm -f ${at(path)}`],
    [2, `mv -f ${at(path)} ${at(dice.one(['e1', 'e2', 'd/e3']))} || :`],
    [1, `chmod ${dice.one(['+x', '-x'])} ${at(path)} || :`],
    [1, `rm -rf ${at(path)}; ln -s ${dice.one(['f', 'gone', 'd'])} ${at(path)} || :`],
    [1, `rm -rf d/e; echo ${value} >d/e || :`],
    [1, `rm -rf ./n; mkdir n; echo ${value} >n/f`],
    [1, `: >${at(path)} || :`],
    [1, `printf '${value}\\0${value}' >bin`],
  ]
  return `mkdir -p d; ${dice.weighted(choices)}`
}

/** Makes a directory for a path, whatever stands there. */
function room(path: string): string {
  const dir = path.split('/').slice(0, -1).join('/')
  return `rm -rf ${at(path)}; ${dir === '' ? '' : `[ -d ${at(dir)} ] || rm -rf ${at(dir)}; mkdir -p ${at(dir)}; `}`
}

/** Uncommitted work: staged, unstaged, both, intended, or with flags that hide it. */
export function dirty(dice: Dice, checkout: Checkout): string {
  const [first, second] = [edit(dice, checkout), edit(dice, checkout)]
  return dice.weighted([
    [4, first],
    [3, `${first}; git add -A`],
    [4, `${first}; git add -A; ${second}`],
    [1, `${first}; git add -AN`],
    [1, `echo ${dice.upTo(3)} >work.log`],
    [1, `git update-index --${dice.one(['assume-unchanged', 'skip-worktree'])} f d/g || :; ${first}`],
    [1, `git rm -q --cached f || :; ${first}`],
  ])
}
