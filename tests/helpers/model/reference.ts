import { execFileSync, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { Scene } from '../scene.js'

/** What plain git makes of the same commits, in a clone beside the repository that has its objects. */
export class Reference {
  private readonly dir: string

  constructor(private readonly s: Scene) {
    this.dir = join(s.root, 'reference')
    s.git('clone', '-q', '--shared', '--no-checkout', s.dir, this.dir)
  }

  private git(...args: string[]): string {
    return this.s.gitAt(this.dir, ...args)
  }

  private tries(...args: string[]): boolean {
    const env = { ...this.s.env, GIT_EDITOR: ':' } as NodeJS.ProcessEnv
    return spawnSync('git', args, { cwd: this.dir, env, stdio: 'ignore' }).status === 0
  }

  private at(commit: string): void {
    this.git('checkout', '-q', '--detach', '--force', commit)
    this.git('clean', '-qfdx')
  }

  /** The tree of a rebase; null when it stops. */
  rebased({ start, onto, head }: { start: string; onto: string; head: string }): string | null {
    this.at(head)
    if (this.tries('rebase', '-q', '--reapply-cherry-picks', '--onto', onto, start))
      return this.git('rev-parse', 'HEAD^{tree}')
    this.git('rebase', '--abort')
    return null
  }

  /** The tree of a merge; null when it stops. */
  merged(into: string, head: string): string | null {
    this.at(into)
    const isClean = this.tries('merge', '-q', '--squash', '--allow-unrelated-histories', head)
    const tree = isClean ? this.git('write-tree') : null
    this.git('reset', '-q', '--hard')
    return tree
  }

  tree = (commit: string): string => this.s.git('rev-parse', `${commit}^{tree}`)

  isAncestor(ancestor: string, commit: string): boolean {
    return (
      spawnSync('git', ['merge-base', '--is-ancestor', ancestor, commit], {
        cwd: this.s.dir,
        env: this.s.env as NodeJS.ProcessEnv,
      }).status === 0
    )
  }

  /** Null when two histories have nothing in common. */
  mergeBase(a: string, b: string): string | null {
    const options = { cwd: this.s.dir, env: this.s.env as NodeJS.ProcessEnv, encoding: 'utf8' } as const
    return spawnSync('git', ['merge-base', a, b], options).stdout.trim() || null
  }

  /** Whether there is a merge among commits. */
  hasMerge = (start: string, head: string): boolean =>
    this.s.git('rev-list', '--merges', '--max-count=1', head, `^${start}`) !== ''

  /** Author, author date and message of the commits that are the user's own, oldest first. */
  manual(start: string, head: string): string[] {
    const text = this.s.git(
      'log',
      '--reverse',
      '--topo-order',
      '--no-merges',
      '--date=raw',
      '-z',
      '--format=%an|%ae|%ad|%B',
      head,
      `^${start}`,
    )
    return text
      .split('\0')
      .filter((one) => one !== '' && !/^Amp-Session: /m.test(one) && !/^[^|]*\|[^|]*\|[^|]*\|amp:/.test(one))
  }

  /** Every object that a ref reaches. */
  objects(): Set<string> {
    const text = execFileSync('git', ['rev-list', '--all', '--objects', '--no-object-names'], {
      cwd: this.s.dir,
      env: this.s.env as NodeJS.ProcessEnv,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    })
    return new Set(text.split('\n'))
  }

  /** Every commit that a ref, or the HEAD of a worktree, reaches. */
  commits(heads: readonly string[]): Set<string> {
    return new Set(this.s.git('rev-list', '--all', ...heads).split('\n'))
  }
}
