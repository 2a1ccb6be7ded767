import { dirname, join } from 'node:path'
import { fatal, no } from '../../errors.js'
import type { Host } from '../../host.js'
import { shellWord } from '../../util/quote.js'
import { systemWords } from '../../util/system.js'
import { type Block, blockText, missingBlock, startOf, withoutBlock } from './block.js'
import { ownerOf, stamped } from './owned.js'
import { hasBashCompletion, isThere, manFolders, type Places, placesOf, type Shell, shellsOf } from './places.js'

/** What can be installed for a user. */
export type Part = 'completions' | 'man' | 'shell'

export interface HomeOptions {
  parts: readonly Part[]
  /** Folder of this git-amp, which holds `man`, `completions` and `shell`. */
  packageDir: string
  uninstall?: boolean | undefined
}

/** A file of git-amp's own, or a block in a file of the user's. */
export interface HomeChange {
  part: Part
  kind: 'file' | 'block'
  does: 'add' | 'replace' | 'remove'
  path: string
  /** The file, or the block; empty when it is removed. */
  text: string
}

export interface HomePlan {
  shells: Shell[]
  isUninstall: boolean
  /** Nothing when all is so already. */
  changes: HomeChange[]
  /** Files that were edited since they were written, and stay. */
  edited: string[]
  /** Folder in which `man` finds the pages of this git-amp without our help; null when there is none. */
  foundByMan: string | null
}

/** A file that belongs to a part, as it is to be. */
interface Wanted {
  part: Part
  path: string
  /** Where it is in the package. */
  from: string
  comment: string
}

export type Machine = Pick<Host, 'env' | 'fs'>

/** Finds out what has to be written or taken away; changes nothing. */
export async function planHome(host: Machine, options: HomeOptions): Promise<HomePlan> {
  const places = placesOf(host)
  const isUninstall = options.uninstall === true
  const shells = await shellsOf(host)
  const plan: HomePlan = { shells, isUninstall, changes: [], edited: [], foundByMan: null }
  for (const part of options.parts) {
    if (part === 'man' && !isUninstall) plan.foundByMan = await linkedPages(host, places, options.packageDir)
    const isNeeded = !isUninstall && !(part === 'man' && plan.foundByMan !== null)
    // What was installed for a shell that is gone since is taken away all the same.
    const wanted = await wantedFiles(host, { part, places, ...options }, isUninstall ? allShells : shells)
    for (const file of wanted) await planFile(host, plan, { ...file, isNeeded })
    for (const stale of await stalePages(host, part, { places, wanted }))
      plan.changes.push({ part, kind: 'file', does: 'remove', path: stale, text: '' })
    for (const [path, block] of blocksOf(part, places, isUninstall ? allShells : await startedShells(host, shells)))
      await planBlock(host, plan, { part, path, block })
  }
  return plan
}

const allShells: readonly Shell[] = ['bash', 'zsh', 'fish']

async function planFile(host: Machine, plan: HomePlan, file: Wanted & { isNeeded: boolean }): Promise<void> {
  const { part, path } = file
  const present = await host.fs.readFile(path, 'utf8').catch(() => null)
  const owner = present === null ? null : ownerOf(present)
  if (!file.isNeeded) {
    if (owner === 'us') plan.changes.push({ part, kind: 'file', does: 'remove', path, text: '' })
    if (owner === 'edited') plan.edited.push(path)
    return
  }
  const text = stamped(await packaged(host, file.from), file.comment)
  if (present === text) return
  if (owner === 'other' || owner === 'edited') {
    const whose = owner === 'other' ? 'there is a file of yours' : 'this file was edited since git-amp wrote it'
    throw no(`${whose}: ${path}`, 'Move it away, and run this again. Nothing was written.')
  }
  plan.changes.push({ part, kind: 'file', does: present === null ? 'add' : 'replace', path, text })
}

async function packaged({ fs }: Machine, path: string): Promise<string> {
  try {
    return await fs.readFile(path, 'utf8')
  } catch (error) {
    throw fatal(
      `cannot read '${path}', which belongs to git-amp: ${systemWords(error)}`,
      'Install git-amp again: npm install -g git-amp',
    )
  }
}

async function wantedFiles(
  { fs }: Machine,
  { part, places, packageDir }: HomeOptions & { part: Part; places: Places },
  shells: readonly Shell[],
): Promise<Wanted[]> {
  if (part === 'man') {
    const names = await fs.readdir(join(packageDir, 'man')).catch(() => [])
    const pages = names.filter((name) => name.endsWith('.1')).sort()
    return pages.map((name) => ({
      part,
      path: join(places.man, name),
      from: join(packageDir, 'man', name),
      comment: '.\\"',
    }))
  }
  const fish = join(places.config, 'fish')
  const files: Record<typeof part, Record<Shell, [path: string, from: string][]>> = {
    completions: {
      bash: [[join(places.bashCompletion, 'git-amp'), 'completions/git-amp.bash']],
      zsh: [[join(places.data, 'zsh/site-functions/_git-amp'), 'completions/_git-amp']],
      fish: [
        [join(fish, 'completions/git-amp.fish'), 'completions/git-amp.fish'],
        [join(fish, 'conf.d/git-amp.fish'), 'completions/git-amp.conf.fish'],
      ],
    },
    shell: {
      bash: [[ampCd(places, 'bash'), 'shell/amp-cd.bash']],
      zsh: [[ampCd(places, 'zsh'), 'shell/amp-cd.zsh']],
      fish: [
        [join(fish, 'functions/amp-cd.fish'), 'shell/amp-cd.fish'],
        [join(fish, 'completions/amp-cd.fish'), 'shell/complete.fish'],
      ],
    },
  }
  return shells.flatMap((shell) =>
    files[part][shell].map(([path, from]) => ({ part, path, from: join(packageDir, from), comment: '#' })),
  )
}

const ampCd = (places: Places, shell: Shell): string => join(places.data, 'git-amp', `amp-cd.${shell}`)

/** Pages of commands that are gone, as an earlier git-amp wrote them. */
async function stalePages(
  { fs }: Machine,
  part: Part,
  { places, wanted }: { places: Places; wanted: readonly Wanted[] },
): Promise<string[]> {
  if (part !== 'man') return []
  const names = await fs.readdir(places.man).catch(() => [])
  const ours = names.filter((name) => /^git-amp.*\.1$/.test(name)).map((name) => join(places.man, name))
  const others = ours.filter((path) => !wanted.some((file) => file.path === path))
  const texts = await Promise.all(others.map((path) => fs.readFile(path, 'utf8').catch(() => '')))
  return others.filter((_, at) => ownerOf(texts[at] ?? '') === 'us')
}

/** npm up to 11 links the pages of `npm install -g` to where `man` finds them. */
async function linkedPages(host: Machine, places: Places, packageDir: string): Promise<string | null> {
  const own = await host.fs.realpath(join(packageDir, 'man/git-amp.1')).catch(() => null)
  for (const folder of manFolders(host)) {
    if (own === null || folder === places.man) continue
    if ((await host.fs.realpath(join(folder, 'git-amp.1')).catch(() => '')) === own) return folder
  }
  return null
}

/** Shells that somebody starts: the login shell, and those that have a file to read at their start. */
export async function startedShells(host: Machine, shells: readonly Shell[]): Promise<Shell[]> {
  const { bashrc, zshrc, config } = placesOf(host)
  const files: Record<Shell, string> = { bash: bashrc, zsh: zshrc, fish: join(config, 'fish/config.fish') }
  const started: Shell[] = []
  for (const shell of shells) {
    const isLogin = host.env.SHELL?.split('/').at(-1) === shell
    if (isLogin || (await isThere(host.fs, files[shell]))) started.push(shell)
  }
  return started
}

const isBelowHome = (path: string, { home }: Places): boolean =>
  path.startsWith(`${home}/`) && /^[\w./-]+$/.test(path.slice(home.length))

/** A path for a shell's double quotes, where it can be put there. */
const homeWord = (path: string, places: Places): string =>
  isBelowHome(path, places) ? `$HOME${path.slice(places.home.length)}` : path

/** What has to stand in a file of the user's, because the shell finds it in no folder of its own. */
function blocksOf(part: Part, places: Places, shells: readonly Shell[]): [path: string, block: Block][] {
  const word = (path: string) => (isBelowHome(path, places) ? `"${homeWord(path, places)}"` : shellWord(path))
  const source = (shell: Shell): Block => {
    const file = word(ampCd(places, shell))
    return { name: part, lines: [`if [ -r ${file} ]; then . ${file}; fi`] }
  }
  const zshCompletions: Block = {
    name: part,
    lines: [
      `fpath=(${word(join(places.data, 'zsh/site-functions'))} $fpath)`,
      'autoload -Uz _git-amp',
      'if (( $+functions[compdef] )); then compdef _git-amp git-amp; fi',
    ],
  }
  if (part === 'completions') return shells.includes('zsh') ? [[places.zshrc, zshCompletions]] : []
  if (part !== 'shell') return []
  return shells.flatMap((shell): [string, Block][] =>
    shell === 'fish' ? [] : [[shell === 'bash' ? places.bashrc : places.zshrc, source(shell)]],
  )
}

async function planBlock(
  host: Machine,
  plan: HomePlan,
  { part, path, block }: { part: Part; path: string; block: Block },
): Promise<void> {
  const text = await readExactly(host, path)
  const isPresent = text !== null && startOf(text, block.name) >= 0
  if (plan.isUninstall) {
    if (!isPresent) return
    withoutBlock(text, block.name, path)
    plan.changes.push({ part, kind: 'block', does: 'remove', path, text: '' })
    return
  }
  const missing = missingBlock(text, block)
  if (missing === '') return
  if (isPresent) withoutBlock(text, block.name, path)
  plan.changes.push({ part, kind: 'block', does: isPresent ? 'replace' : 'add', path, text: blockText(block) })
}

export interface NextSteps {
  /** Changes that were not made. */
  declined: readonly HomeChange[]
}

/** What the user has to do before it works, a sentence each. */
export async function stepsAfter(host: Machine, plan: HomePlan, { declined }: NextSteps): Promise<string[]> {
  if (plan.isUninstall) return declined.map(({ path, part }) => `Take the lines of "git-amp ${part}" out of ${path}.`)
  const places = placesOf(host)
  const parts = new Set([...plan.changes, ...declined].map(({ part }) => part))
  const steps = declined.map(({ path, text }) => `Put this into ${path}:\n${text.replace(/^/gm, '  ')}`)
  if (parts.has('completions') && plan.shells.includes('bash') && !(await hasBashCompletion(host)))
    steps.push('bash loads completions of its own accord with the package bash-completion: install it.')
  if (parts.has('man') && !manFolders(host).includes(places.man)) {
    steps.push(
      `man does not look there yet. Put this where your shell starts: export MANPATH="${homeWord(dirname(places.man), places)}:$MANPATH"`,
    )
  }
  if (parts.has('completions') || parts.has('shell'))
    steps.push('Shells that run already know nothing of it: start a new one.')
  return steps
}

/** The bytes of a file as characters, one each; null when there is none. */
export async function readExactly({ fs }: Machine, path: string): Promise<string | null> {
  const bytes = await fs.readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw fatal(`cannot read '${path}': ${systemWords(error)}`)
  })
  return bytes === null ? null : Buffer.from(bytes).toString('latin1')
}
