import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll } from 'vitest'
import type { Snapshot } from '../../src/state/fold.js'
import { type Answer, type RunOptions, runAmp } from './run.js'

const roots: string[] = []
afterAll(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true })
})

/** A real repository in a folder of its own, with nothing of this machine's configuration. */
export class Scene {
  readonly root: string
  readonly dir: string
  /** Added to the environment of everything the scene runs. */
  env: Record<string, string | undefined>

  constructor(options: { objectFormat?: string; bare?: boolean; unborn?: boolean; within?: string } = {}) {
    this.root = realpathSync(mkdtempSync(join(options.within ?? tmpdir(), 'git-amp-test-')))
    roots.push(this.root)
    this.dir = join(this.root, 'repo')
    this.env = {
      PATH: process.env.PATH,
      HOME: this.root,
      XDG_CONFIG_HOME: this.root,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: join(this.root, 'gitconfig'),
      LC_ALL: 'C.UTF-8',
      TZ: 'UTC',
    }
    const identity = '[user]\n\tname = A U Thor\n\temail = author@example.com\n'
    writeFileSync(
      join(this.root, 'gitconfig'),
      `${identity}[init]\n\tdefaultBranch = main\n[gc]\n\tauto = 0\n[advice]\n\tdetachedHead = false\n`,
    )
    const format = options.objectFormat === undefined ? [] : [`--object-format=${options.objectFormat}`]
    this.gitAt(this.root, 'init', '-q', ...format, ...(options.bare === true ? ['--bare'] : []), 'repo')
    if (options.bare !== true && options.unborn !== true) this.commit({ 'README.md': '# Project\n' }, 'Begin')
  }

  /** Runs git in the main worktree and returns what it printed, without the last newline. */
  git(...args: string[]): string {
    return this.gitAt(this.dir, ...args)
  }

  gitAt(cwd: string, ...args: string[]): string {
    const env = this.env as NodeJS.ProcessEnv
    return execFileSync('git', args, {
      cwd,
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 1 << 28,
    }).replace(/\n$/, '')
  }

  /** Writes files below the main worktree (or `dir`), and commits them. Returns the commit. */
  commit(files: Record<string, string>, message = 'Change', dir = this.dir): string {
    this.write(files, dir)
    this.gitAt(dir, 'add', '--all')
    this.gitAt(dir, 'commit', '-q', '-m', message)
    return this.gitAt(dir, 'rev-parse', 'HEAD')
  }

  write(files: Record<string, string>, dir = this.dir): void {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(dir, name)), { recursive: true })
      writeFileSync(join(dir, name), text)
    }
  }

  read(name: string, dir = this.dir): string {
    return readFileSync(join(dir, name), 'utf8')
  }

  exists(name: string, dir = this.dir): boolean {
    return existsSync(join(dir, name))
  }

  /** Installs an executable hook. */
  hook(name: string, script: string): void {
    const file = join(this.git('rev-parse', '--path-format=absolute', '--git-path', 'hooks'), name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  }

  /** Puts a program before all others on PATH: the commands of a POSIX script. */
  program(name: string, script: string): void {
    const bin = join(this.root, 'bin')
    mkdirSync(bin, { recursive: true })
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
    if (!this.env.PATH?.startsWith(`${bin}:`)) this.env.PATH = `${bin}:${this.env.PATH ?? ''}`
  }

  /** Waits until something is so, at most 20 seconds. */
  async until(isSo: () => boolean | Promise<boolean>, what = 'it to happen'): Promise<void> {
    for (const end = Date.now() + 20_000; !(await isSo()); await new Promise((resolve) => setTimeout(resolve, 20))) {
      if (Date.now() > end) throw new Error(`waited in vain for ${what}`)
    }
  }

  /** Runs `git amp <argv>` in process, in the main worktree. */
  amp(...argv: string[]): Promise<Answer> {
    return this.ampAt(this.dir, ...argv)
  }

  ampAt(cwd: string, ...argv: string[]): Promise<Answer> {
    return runAmp(argv, { cwd, env: this.env })
  }

  /** The same with another directory, standard input, clock, signal or host. */
  ampWith(options: Partial<RunOptions>, ...argv: string[]): Promise<Answer> {
    return runAmp(argv, { cwd: this.dir, env: this.env, ...options })
  }

  /** Starts a session with the shell agent. Returns its id. */
  async session(name: string, options: { prompt?: string; args?: string[] } = {}): Promise<string> {
    const answer = await this.amp(
      'new',
      name,
      '--agent',
      'shell',
      '-m',
      options.prompt ?? 'true',
      '-q',
      ...(options.args ?? []),
    )
    if (answer.code !== 0) throw new Error(`new failed: ${answer.stderr}`)
    return answer.stdout.trim()
  }

  /** Runs an iteration with the shell agent; the prompt is the script. */
  iterate(id: string, script: string, ...args: string[]): Promise<Answer> {
    return this.amp('iterate', id, '-m', script, ...args)
  }

  /** Leaves an iteration as a killed git-amp does: begun and not ended, with these files in the worktree. */
  async interrupted(id: string, files: Record<string, string> = {}): Promise<void> {
    const stop = new AbortController()
    const count = this.snapshot(id).iterations
    const running = this.ampWith({ signal: stop.signal }, 'iterate', id, '-m', 'exec sleep 600')
    await this.until(() => this.snapshot(id).iterations > count)
    const begun = this.git('rev-parse', `refs/amp/sessions/${id}`)
    stop.abort()
    await running
    this.git('update-ref', `refs/amp/sessions/${id}`, begun)
    this.write(files, this.worktree(id))
  }

  /** The fold of a session's chain, read with git alone. */
  snapshot(id: string): Snapshot {
    const message = this.git('log', '-1', '--format=%B', `refs/amp/sessions/${id}`)
    return JSON.parse(/^Amp-Snapshot: (.*)$/m.exec(message)?.[1] ?? 'null')
  }

  /** Types of the events in a session's chain, oldest first, read with git alone. */
  events(id: string): string[] {
    const text = this.git('log', '--first-parent', '--reverse', '--format=%B', `refs/amp/sessions/${id}`)
    return [...text.matchAll(/^Amp-Event: (.*)$/gm)].map((match) => JSON.parse(match[1] ?? '').type)
  }

  /** Data of the event at the tip of a session's chain, read with git alone. */
  ended(id: string): Record<string, unknown> {
    const text = this.git('log', '-1', '--format=%B', `refs/amp/sessions/${id}`)
    return JSON.parse(/^Amp-Event: (.*)$/m.exec(text)?.[1] ?? '{}').data
  }

  /** Branch of a session, as its chain says. */
  branch(id: string): string {
    return this.snapshot(id).branch
  }

  /** The same in a repository of which only a directory is known. */
  branchAt(cwd: string, id: string): string {
    const message = this.gitAt(cwd, 'log', '-1', '--format=%B', `refs/amp/sessions/${id}`)
    return JSON.parse(/^Amp-Snapshot: (.*)$/m.exec(message)?.[1] ?? 'null').branch
  }

  /** Every ref with its value, to be compared before and after. */
  refs(): string {
    return this.git('for-each-ref', '--format=%(refname) %(objectname)')
  }

  /** What `git status` says in a session's worktree; empty when it is clean. */
  status(id: string): string {
    return this.gitAt(this.worktree(id), 'status', '--porcelain', '-uall')
  }

  /** Worktree of a session. */
  worktree(id: string): string {
    return join(this.dir, '.worktrees', id)
  }

  /** Subjects on a branch since a revision, the latest last. */
  subjects(range: string): string[] {
    const text = this.git('log', '--reverse', '--format=%s', range)
    return text === '' ? [] : text.split('\n')
  }

  /** Branch, index and every file of the main worktree, to be compared before and after. */
  checkout(): string {
    const files = this.git('ls-files', '--cached', '--others', '--exclude-standard', '-z')
      .split('\0')
      .filter(Boolean)
      .sort()
    const hash = (file: string) =>
      createHash('sha1')
        .update(readFileSync(join(this.dir, file)))
        .digest('hex')
    const isFile = (file: string) => lstatSync(join(this.dir, file), { throwIfNoEntry: false })?.isFile() === true
    const contents = files.map((file) => `${file}: ${isFile(file) ? hash(file) : 'no file'}`)
    return [this.git('rev-parse', '--symbolic-full-name', 'HEAD'), this.git('ls-files', '--stage'), ...contents].join(
      '\n',
    )
  }

  /** Snapshot of a session, as `git amp show --json` tells. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever the answer holds
  async show(session: string): Promise<{ session: Record<string, any>; iterations: Record<string, any>[] }> {
    const answer = await this.amp('show', session, '--json')
    if (answer.code !== 0) throw new Error(answer.stderr)
    return JSON.parse(answer.stdout)
  }
}

export const scene = (options: ConstructorParameters<typeof Scene>[0] = {}): Scene => new Scene(options)
