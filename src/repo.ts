import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import type { Warming } from './actions/shared/warm.js'
import { fatal } from './errors.js'
import { CatFile } from './git/cat-file.js'
import { badValue, Config } from './git/config.js'
import { plumbing, quiet, scrub } from './git/env.js'
import { type Inquiry, inquire } from './git/inquiry.js'
import type { Location } from './git/location.js'
import type { LooseObjects } from './git/loose.js'
import { GitObjects } from './git/objects.js'
import { GitRefs } from './git/refs.js'
import { Git, GitError } from './git/run.js'
import { listWorktrees, type Worktree } from './git/worktree.js'
import type { Env, Host } from './host.js'
import type { Writer } from './state/chain.js'
import { newId, sessionsPrefix } from './state/names.js'
import { parseStamp } from './state/object-text.js'
import type { Within } from './state/oplog.js'
import type { ObjectStore, Oid, RefStore, Stamp } from './state/storage.js'
import type { Redact } from './util/redact.js'
import { isEnvFile, secretsInEnv, secretsInEnvFile } from './util/secret-values.js'

/** A longer file of variables is something else. */
const longestEnvFile = 256 * 1024

/** A session that the user can choose. */
export interface Offered {
  id: string
  shortId: string
  slug: string
  state: string
  title: string
  updatedAt: string
  labels: readonly string[]
}

/** A choice that a word of the user's left open. */
export type Notice =
  | { type: 'namesake'; name: string; chosen: string; count: number; isOpen: boolean }
  | { type: 'previous'; asked: string; chosen: string; name: string }

/** A repository as actions see it: joins the state, the git program and the doors to the machine. */
export class Repo {
  readonly objects: ObjectStore
  readonly refs: RefStore
  /** The null oid in this repository's hash. */
  readonly zero: Oid
  /** Environment of children: the surrounding hook's repository taken out. */
  readonly childEnv: Env
  /** Plumbing on the shared part of the repository, without the user's hooks. */
  readonly git: Git
  /** Hears what the user should know of a choice that was made for them. */
  onNotice: (notice: Notice) => void = () => {}
  /** Hears of a worktree that is prepared, and can stop it. */
  warming: Warming | null = null
  /** Lets the user choose a session when none was given; null where nobody can. */
  onChoice: ((sessions: readonly Offered[]) => Promise<string>) | null = null
  /** The command of several steps that every operation recorded here is one of. */
  within: Within | null = null
  /** The objects as bytes, for what is copied as it is. */
  readonly catFile: CatFile
  private configOnce: Promise<Config> | null = null
  private worktreeDirOnce: Promise<string | null> | null = null
  private worktreesOnce: Promise<Worktree[]> | null = null
  private identityOnce: Promise<Stamp> | null = null
  private secretsOnce: Promise<Set<string>> | null = null

  constructor(
    readonly host: Host,
    readonly location: Location,
    early?: Inquiry,
  ) {
    this.configOnce = early?.config ?? null
    this.zero = '0'.repeat(location.hash === 'sha1' ? 40 : 64)
    this.childEnv = scrub(host.env)
    // The current directory may be deleted by what the command does; the common directory stays.
    const globals = [`--git-dir=${location.commonDir}`, ...quiet]
    this.git = new Git(location.commonDir, { ...this.childEnv, ...plumbing }, globals)
    this.catFile = new CatFile(this.git, location.hash, () => this.looseObjects())
    this.objects = new GitObjects(this.catFile)
    const refs = new GitRefs(this.git, this.catFile, this.zero)
    if (early?.sessions) refs.expect(sessionsPrefix, early.sessions)
    this.refs = refs
  }

  /** Reads git's configuration, once. */
  config(): Promise<Config> {
    this.configOnce ??= Config.read(this.in(this.location.topLevel ?? this.location.gitDir))
    return this.configOnce
  }

  /** The configuration has changed: it is read again. */
  forgetConfig(): void {
    this.configOnce = null
  }

  /** The same repository; what is recorded there is a step of one command, which `undo` takes back as a whole. */
  as(within: Within): Repo {
    return Object.assign(Object.create(this), { within }) as Repo
  }

  /** Lists the worktrees, once; `forgetWorktrees` after one was added or removed. */
  worktrees(): Promise<Worktree[]> {
    this.worktreesOnce ??= listWorktrees(this.git)
    return this.worktreesOnce
  }

  forgetWorktrees(): void {
    this.worktreesOnce = null
  }

  /** Git plumbing in a worktree, found by git itself from that directory; hooks and identity are those of the place. */
  in(dir: string): Git {
    return new Git(dir, { ...this.childEnv, ...plumbing }, this.named(dir))
  }

  /** Git as the user runs it in a worktree: own language, locks and hooks, for output that goes to the user. */
  asUser(dir: string): Git {
    return new Git(dir, this.childEnv, this.named(dir))
  }

  /** The current worktree may have been named by --git-dir and --work-tree, which its directory does not tell. */
  private named(dir: string): string[] {
    const { topLevel, gitDir, commonDir } = this.location
    const isUnusual = gitDir === commonDir && this.host.env.GIT_DIR !== undefined
    if (isUnusual && dir === topLevel) return [`--git-dir=${gitDir}`, `--work-tree=${topLevel}`]
    return isUnusual && dir === gitDir ? [`--git-dir=${gitDir}`] : []
  }

  /** Top of the main worktree, wherever its git directory is; in a bare repository the directory that holds it. */
  async home(): Promise<string> {
    const { topLevel, gitDir, commonDir } = this.location
    // With --git-dir alone git takes the current directory for the work tree, wherever that is.
    const isGuess = this.host.env.GIT_DIR !== undefined && this.host.env.GIT_WORK_TREE === undefined
    if (topLevel !== null && gitDir === commonDir && !isGuess) return topLevel
    // A submodule's git directory names its work tree; `git worktree list` does not.
    const named = (await this.config()).get('core.worktree')
    if (named !== null) return resolve(commonDir, named)
    const main = (await this.worktrees())[0]
    return main === undefined || main.isBare || main.path === commonDir ? dirname(commonDir) : main.path
  }

  /** Where session worktrees are made: `amp.worktreeDir`, relative to the main worktree. */
  async worktreeHome(): Promise<string> {
    this.worktreeDirOnce ??= this.pathSetting('amp.worktreeDir')
    const dir = (await this.worktreeDirOnce) ?? '.worktrees'
    return isAbsolute(dir) ? dir : resolve(await this.home(), dir)
  }

  /** A setting that holds a path; `~`, `~user` and `%(prefix)` are git's to expand. */
  private async pathSetting(key: string): Promise<string | null> {
    const value = (await this.config()).get(key)
    if (value === '') throw badValue(key, value, `Set it to a path, or unset it: git config --unset ${key}`)
    if (value === null || !/^(~|%\(prefix\)\/)/.test(value)) return value
    const place = this.in(this.location.topLevel ?? this.location.gitDir)
    return place.text(['config', '--type=path', '--get', key])
  }

  /** A path below git-amp's own directory; it holds only what may be lost. */
  local(...parts: string[]): string {
    return join(this.location.commonDir, 'amp', ...parts)
  }

  /** A ref of one worktree alone (`MERGE_HEAD`, `ORIG_HEAD`), or null. */
  async worktreeRef(gitDir: string, name: string): Promise<Oid | null> {
    const prefix = gitDir === this.location.commonDir ? 'main-worktree' : `worktrees/${basename(gitDir)}`
    return (await this.catFile.read(`${prefix}/${name}`))?.oid ?? null
  }

  /** The tree of a commit. @throws AmpError when the commit is missing */
  async treeOf(commit: Oid): Promise<Oid> {
    const tree = (await this.objects.readCommit(commit))?.tree
    if (tree === undefined) throw fatal(`commit ${commit} is missing`, 'Run "git fsck" to see what else is.')
    return tree
  }

  /** The tree that a commit was made from: that of its first parent, and nothing at all for the beginning of a history. */
  async treeBefore({ parents: [parent] }: { parents: readonly Oid[] }): Promise<Oid> {
    return parent === undefined ? this.objects.writeTree([]) : this.treeOf(parent)
  }

  /**
   * A function that takes secrets out of text: those of the environment, and of the `.env` files of this checkout, the main one and `worktree`.
   */
  async redactor(worktree?: string): Promise<Redact> {
    // Most commands write nothing.
    const { redactor } = await import('./util/redact.js')
    return redactor({}, await this.secrets(worktree))
  }

  /** Values of secrets that an agent can see. They stay known when it changes the files that hold them. */
  async secrets(worktree?: string): Promise<string[]> {
    this.secretsOnce ??= this.firstSecrets()
    const known = await this.secretsOnce
    if (worktree !== undefined) for (const secret of await this.secretsIn(worktree)) known.add(secret)
    return [...known]
  }

  private async firstSecrets(): Promise<Set<string>> {
    const { topLevel } = this.location
    const dirs = new Set(this.location.isBare ? [] : [await this.home(), ...(topLevel === null ? [] : [topLevel])])
    const found = await Promise.all([...dirs].map((dir) => this.secretsIn(dir)))
    return new Set([...secretsInEnv(this.host.env), ...found.flat()])
  }

  private async secretsIn(dir: string): Promise<string[]> {
    const { fs } = this.host
    const names = (await fs.readdir(dir).catch((): string[] => [])).filter(isEnvFile)
    const texts = names.map(async (name) => {
      const stat = await fs.stat(join(dir, name)).catch(() => null)
      const isText = stat?.isFile() === true && stat.size <= longestEnvFile
      return isText ? fs.readFile(join(dir, name), 'utf8').catch(() => '') : ''
    })
    return (await Promise.all(texts)).flatMap(secretsInEnvFile)
  }

  /** Null where only git may write objects. */
  private async looseObjects(): Promise<LooseObjects | null> {
    const { isPlain, LooseObjects } = await import('./git/loose.js')
    const { fs, env } = this.host
    return isPlain(await this.config(), env) ? new LooseObjects(fs, this.location.objectsDir, () => this.newId()) : null
  }

  newId(): string {
    return newId((n) => this.host.random(n))
  }

  /**
   * The user as author and committer of state, now.
   * @throws AmpError when git knows no identity
   */
  async stamp(): Promise<Stamp> {
    this.identityOnce ??= this.identity()
    const who = await this.identityOnce
    return { ...who, seconds: this.seconds() ?? who.seconds }
  }

  /** Who makes a commit of code, now: author and committer in one. Null where git is to say, because they may differ, or differ by place. */
  async author(): Promise<Stamp | null> {
    const config = await this.config()
    const isNamed = Object.keys(this.host.env).some((name) => /^GIT_(AUTHOR|COMMITTER)_/.test(name))
    const isSet = [...config.keysBelow('author'), ...config.keysBelow('committer')].length > 0
    return isNamed || isSet || config.isConditional ? null : this.stamp()
  }

  /** Who writes state, now. */
  async writer(): Promise<Writer> {
    return { author: await this.stamp(), newId: () => this.newId() }
  }

  private async identity(): Promise<Stamp> {
    const place = this.in(this.location.topLevel ?? this.location.gitDir)
    try {
      return parseStamp(await place.text(['var', 'GIT_COMMITTER_IDENT']))
    } catch (error) {
      if (!(error instanceof GitError) || error.exit.code !== 128) throw error
      throw fatal(
        'git does not know who you are, and every session and commit has an author',
        `Run "git config --global user.name 'Your Name'"`,
        'and "git config --global user.email you@example.com".',
      )
    }
  }

  /** Ends the helper processes. */
  close(): void {
    this.catFile.close()
  }

  /** A date given by the user in GIT_COMMITTER_DATE stands; otherwise it is the host's clock. */
  private seconds(): number | null {
    if (this.host.env.GIT_COMMITTER_DATE !== undefined) return null
    return Math.floor(this.host.now().getTime() / 1000)
  }
}

/**
 * Opens the repository of `cwd`, found with the user's own environment (`--git-dir`, a surrounding hook), before that environment is
 * scrubbed for children.
 * @param early what git was asked already, in the same place
 * @throws AmpError outside a repository
 */
export async function openRepo(host: Host, early: Inquiry = inquire(host, 'repository')): Promise<Repo> {
  return new Repo(host, await early.location, early)
}
