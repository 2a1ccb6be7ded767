import { isAbsolute, join, resolve } from 'node:path'
import type { Env, HostFs } from '../host.js'
import { shellWord } from '../util/quote.js'
import { type Git, GitError, type Oid } from './run.js'

/** A hook that failed. */
export interface HookFailure {
  name: string
  /** Null when a signal ended it. */
  exit: number | null
  /** The last lines it printed. */
  output: string
}

/** Tells a git-amp inside a hook which one it is, and of which session in which repository: an iteration of that one would run the hook again. */
export const hookVariable = 'GIT_AMP_HOOK'

/** A hook that iterates a new session each time would never come to an end. */
const deepest = 8

/** A session in a repository, as the variable names it; without a session any one in that repository. */
export const hookOwner = (commonDir: string, session: string | null): string => `${session ?? '*'} ${commonDir}`

/** The hook that runs around this process for a session; null when there is none. Hooks may stand around each other, a line each. */
export function hookAt(env: Env, commonDir: string, session: string): string | null {
  const lines = env[hookVariable]?.split('\n') ?? []
  const owners = [hookOwner(commonDir, session), hookOwner(commonDir, null)]
  const isOwn = (line: string) => owners.some((owner) => line.endsWith(` ${owner}`))
  const line = lines.length < deepest ? lines.find(isOwn) : lines[0]
  return line?.split(' ', 1)[0] ?? null
}

/** So much of a hook's output is kept; secrets are looked for in it before less of it is recorded. */
const keptBytes = 16 * 1024

/** The user's hooks, as they apply in one worktree. */
export class Hooks {
  private constructor(
    /** Git in the worktree, with these hooks. */
    readonly git: Git,
    private readonly found: { dir: string; names: ReadonlySet<string> },
    /** What the variable tells beside the hook's name: the owner, and the hooks around this process. */
    private readonly told = '',
  ) {}

  /** The same hooks, run for a commit of `owner`; `env` is that of this process, which may be in a hook itself. */
  of(owner: string, env: Env): Hooks {
    const outer = env[hookVariable]
    return new Hooks(this.git, this.found, ` ${owner}${outer === undefined ? '' : `\n${outer}`}`)
  }

  /**
   * Finds the hooks of a worktree, and stays with their directory, whatever an agent sets meanwhile. A relative `core.hooksPath` that does not exist there (husky's `.husky/_` is ignored by git) is taken
   * from the main worktree, where the user installed it.
   * @param git runs as the user in the worktree
   * @param where the main worktree, and what git says of the hooks when it was asked already
   */
  static async find(
    git: Git,
    fs: HostFs,
    { main, path: known }: { main: string; path?: string | undefined },
  ): Promise<Hooks> {
    const path = known ?? (await git.text(['rev-parse', '--git-path', 'hooks']))
    const here = resolve(git.cwd, path)
    const names = await list(fs, here)
    const there = isAbsolute(path) ? [] : await list(fs, join(main, path))
    const isHere = names.length > 0 || there.length === 0
    const dir = isHere ? here : join(main, path)
    return new Hooks(git.with({}, ['-c', `core.hooksPath=${dir}`]), { dir, names: new Set(isHere ? names : there) })
  }

  /** No hooks at all (`amp.hooks=skip`). */
  static none(git: Git): Hooks {
    return new Hooks(git.with({}, ['-c', 'core.hooksPath=/dev/null']), { dir: '/dev/null', names: new Set() })
  }

  has(name: string): boolean {
    return this.found.names.has(name)
  }

  /**
   * Runs a hook as `git commit` does: nobody to answer an editor.
   * @returns the failure, or null when it passed or there is none
   */
  async run(name: string, args: readonly string[] = []): Promise<HookFailure | null> {
    if (!this.found.names.has(name)) return null
    try {
      await this.git.run(['hook', 'run', '--ignore-missing', name, '--', ...args], {
        env: { GIT_EDITOR: ':', [hookVariable]: `${name}${this.told}` },
      })
      return null
    } catch (error) {
      if (!(error instanceof GitError)) throw error
      return { name, exit: error.exit.code, output: error.stderr.trim().slice(-keptBytes) }
    }
  }

  /**
   * Tells the `post-rewrite` hook what became of commits, as `git rebase` does. What it answers changes nothing.
   * @param pairs each commit before and after
   */
  async rewrote(pairs: readonly (readonly [Oid, Oid])[]): Promise<void> {
    const name = 'post-rewrite'
    if (!this.found.names.has(name) || pairs.length === 0) return
    const input = pairs.map(([before, after]) => `${before} ${after}\n`).join('')
    // An alias, because `git hook run` has no standard input before git 2.41; git ignores a hook that may not be run.
    const file = shellWord(join(this.found.dir, name))
    const script = `!test ! -x ${file} || ${file} rebase`
    const env = { GIT_EDITOR: ':', [hookVariable]: `${name}${this.told}` }
    await this.git
      .with({}, ['-c', `alias.${alias}=${script}`])
      .run([alias], { input, env })
      .catch((error: unknown) => {
        if (!(error instanceof GitError)) throw error
      })
  }
}

/** The alias of one call. */
const alias = 'amp-hook'

async function list(fs: HostFs, dir: string): Promise<string[]> {
  try {
    const names = await fs.readdir(dir)
    return names.filter((name) => !name.endsWith('.sample'))
  } catch {
    // No such directory: no hooks.
    return []
  }
}
