import { expect } from 'vitest'
import { type Scene, scene } from './scene.js'

/** A session whose commits are made with plain git: by the agent (`amp:`, with trailers), and by the user. */
export class Work {
  private count = 0
  private constructor(
    readonly s: Scene,
    readonly id: string,
  ) {}

  static async begin(files: Record<string, string> = {}, s = scene()): Promise<Work> {
    if (Object.keys(files).length > 0) s.commit(files, 'Files')
    return new Work(s, await s.session('a'))
  }

  get wt(): string {
    return this.s.worktree(this.id)
  }

  get branch(): string {
    return this.s.branch(this.id)
  }

  /** A commit of the agent. Empty files are removed. */
  agent(change: Record<string, string> | (() => void)): string {
    const n = ++this.count
    return this.commit(change, `amp: ${n}\n\nAmp-Session: ${this.id}\nAmp-Iteration: i${n}`)
  }

  manual(change: Record<string, string> | (() => void), message = `Own ${++this.count}`): string {
    this.s.env.GIT_AUTHOR_NAME = `Änn ${message.split('\n')[0]}`
    this.s.env.GIT_AUTHOR_DATE = `${1_600_000_000 + this.count} +0530`
    try {
      return this.commit(change, message)
    } finally {
      delete this.s.env.GIT_AUTHOR_NAME
      delete this.s.env.GIT_AUTHOR_DATE
    }
  }

  private commit(change: Record<string, string> | (() => void), message: string): string {
    if (typeof change === 'function') change()
    else this.s.write(change, this.wt)
    this.git('add', '--all')
    this.git('commit', '-q', '--allow-empty', '-m', message)
    return this.git('rev-parse', 'HEAD')
  }

  git(...args: string[]): string {
    return this.s.gitAt(this.wt, ...args)
  }

  tree(rev = this.branch): string {
    return this.s.git('rev-parse', `${rev}^{tree}`)
  }

  subjects(): string[] {
    return this.s.subjects(`main..${this.branch}`)
  }

  squash(...args: string[]) {
    return this.s.amp('squash', this.id, '-m', 'S', ...args)
  }

  /** Squashes, and looks at everything that holds whatever became of it. */
  async squashed(...args: string[]): Promise<string[]> {
    const { s, branch } = this
    const [before, tree] = [s.git('rev-list', '--reverse', '--topo-order', `main..${branch}`).split('\n'), this.tree()]
    const manual = this.told(branch)
    const iterations = this.trailers()
    const answer = await this.squash(...args)
    expect(answer).toMatchObject({ code: 0 })
    expect(this.tree()).toBe(tree)
    expect(this.told(branch)).toEqual(manual)
    expect(this.trailers()).toEqual(iterations)
    expect(s.status(this.id)).toBe('')
    const { map, to } = s.ended(this.id) as { map: [string, string][]; to: string }
    expect(map.map(([from]) => from)).toEqual(before)
    const now = s.git('rev-list', `main..${branch}`).split('\n')
    for (const [, target] of map) expect([...now, s.git('merge-base', 'main', branch)]).toContain(target)
    expect([to, s.snapshot(this.id).heads]).toEqual([s.git('rev-parse', branch), [to]])
    return this.subjects()
  }

  /** Author, date and message of the user's commits, in order. */
  private told(rev: string): string[] {
    const text = this.s.git(
      'log',
      '--reverse',
      '--topo-order',
      '--no-merges',
      '--date=raw',
      '-z',
      '--format=%an|%ae|%ad|%B',
      `main..${rev}`,
    )
    return text.split('\0').filter((one) => !one.includes('Amp-Session'))
  }

  private trailers(): string[] {
    return [...this.s.git('log', '--format=%B', `main..${this.branch}`).matchAll(/^Amp-Iteration: (.*)$/gm)]
      .map((m) => m[1] ?? '')
      .sort()
  }
}
