import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Writer } from '../../src/state/chain.js'
import { newId } from '../../src/state/names.js'
import type { Stamp } from '../../src/state/storage.js'

/** A real repository in a folder of its own that sees nothing of this machine's configuration. */
export class Repository {
  readonly root = realpathSync(mkdtempSync(join(tmpdir(), 'git-amp-state-')))
  readonly dir = join(this.root, 'repo')
  readonly env = {
    PATH: process.env.PATH,
    HOME: this.root,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_SYSTEM: '/dev/null',
    GIT_AUTHOR_NAME: 'A U Thor',
    GIT_AUTHOR_EMAIL: 'author@example.com',
    GIT_COMMITTER_NAME: 'A U Thor',
    GIT_COMMITTER_EMAIL: 'author@example.com',
    LC_ALL: 'C.UTF-8',
    TZ: 'UTC',
  }

  constructor(...options: string[]) {
    this.at(this.root, 'init', '-q', '--template=', '-b', 'main', ...options, 'repo')
    this.git('config', 'gc.auto', '0')
  }

  git(...args: string[]): string {
    return this.at(this.dir, ...args)
  }

  /** Runs git and returns what it printed on stdout, without the last newline. */
  at(cwd: string, ...args: string[]): string {
    const options = { cwd, env: this.env, encoding: 'utf8', maxBuffer: 1 << 28 } as const
    return execFileSync('git', args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] }).replace(/\n$/, '')
  }

  /** Runs git with an input. */
  feed(input: string, ...args: string[]): void {
    execFileSync('git', args, { cwd: this.dir, env: this.env, input, stdio: ['pipe', 'ignore', 'pipe'] })
  }

  gitDir(): string {
    return this.git('rev-parse', '--path-format=absolute', '--git-common-dir')
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true })
  }
}

export const stamp: Stamp = { name: 'Ünïcode Thor', email: 'thor@example.com', seconds: 1_800_000_000, offset: 90 }

/** A writer whose ids and dates are always the same, so that two storages make the same objects. */
export function fixedWriter(seed = 'seed'): Writer {
  let count = 0
  return {
    author: stamp,
    newId: () => newId((n) => createHash('sha256').update(`${seed} ${count++}`).digest().subarray(0, n)),
  }
}

/** Numbers in [0, 1) that are the same in every run (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
