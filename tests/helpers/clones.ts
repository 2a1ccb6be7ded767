import { join } from 'node:path'
import { expect } from 'vitest'
import type { Snapshot } from '../../src/state/fold.js'
import { type Answer, type RunOptions, runAmp } from './run.js'
import { Scene } from './scene.js'

/** A clone that stands for a machine of its own. */
export class Clone {
  constructor(
    readonly scene: Scene,
    readonly name: string,
    readonly dir: string,
  ) {}

  /** Runs `git amp <argv>` there. */
  amp(...argv: string[]): Promise<Answer> {
    return this.ampWith({}, ...argv)
  }

  ampWith(options: Partial<RunOptions>, ...argv: string[]): Promise<Answer> {
    return runAmp(argv, {
      cwd: this.dir,
      env: this.scene.env,
      ...options,
      host: { hostname: this.name, ...options.host },
    })
  }

  git(...args: string[]): string {
    return this.scene.gitAt(this.dir, ...args)
  }

  /** The same, which has to work. */
  async must(...argv: string[]): Promise<string> {
    const answer = await this.amp(...argv)
    if (answer.code !== 0) throw new Error(`git amp ${argv.join(' ')} failed: ${answer.stdout}${answer.stderr}`)
    return answer.stdout
  }

  /** Starts a session with the shell agent. Returns its id. */
  async session(name: string, ...args: string[]): Promise<string> {
    return (await this.must('new', name, '--agent', 'shell', '-m', 'true', '-q', ...args)).trim()
  }

  snapshot(id: string): Snapshot {
    const message = this.git('log', '-1', '--format=%B', `refs/amp/sessions/${id}`)
    return JSON.parse(/^Amp-Snapshot: (.*)$/m.exec(message)?.[1] ?? 'null')
  }

  worktree(id: string): string {
    return join(this.dir, '.worktrees', id)
  }

  /** Shared refs with their values. */
  shared(): string {
    return this.git('for-each-ref', '--format=%(refname) %(objectname)', 'refs/amp', 'refs/notes/amp')
  }
}

/** A bare repository in the middle, and clones of it. */
export class Clones {
  readonly scene: Scene
  readonly hub: string

  constructor(options: ConstructorParameters<typeof Scene>[0] = {}) {
    this.scene = new Scene(options)
    this.hub = join(this.scene.root, 'hub.git')
    const format = options.objectFormat === undefined ? [] : [`--object-format=${options.objectFormat}`]
    this.scene.gitAt(this.scene.root, 'init', '-q', '--bare', ...format, 'hub.git')
    this.scene.git('remote', 'add', 'origin', this.hub)
    this.scene.git('push', '-q', 'origin', 'main')
  }

  /** The repository that the others are cloned from. */
  home(): Clone {
    return new Clone(this.scene, 'home', this.scene.dir)
  }

  clone(name: string, ...args: string[]): Clone {
    this.scene.gitAt(this.scene.root, 'clone', '-q', ...args, this.hub, name)
    return new Clone(this.scene, name, join(this.scene.root, name))
  }

  /** Runs git in the bare repository. */
  git(...args: string[]): string {
    return this.scene.gitAt(this.hub, ...args)
  }
}

/** Text without the ages in it, which differ by the second. */
export const ageless = (text: string): string => text.replace(/ +\d+ \w+ ago */g, ' ago ')

/** A session at home with an iteration whose prompt is a blob, pushed. */
export async function shared(options: ConstructorParameters<typeof Clones>[0] = {}) {
  const world = new Clones(options)
  for (let count = 0; count < 5; count++) world.scene.commit({ [`f${count}`]: `${count}\n` }, `Commit ${count}`)
  world.scene.git('push', '-q', 'origin', 'main')
  const home = world.home()
  const id = await home.session('one', '--test', 'true')
  await home.must('iterate', id, '-m', `echo 1 >a # ${'x'.repeat(9000)}`)
  await home.must('sync', '--transcripts')
  return { world, home, id }
}

/** Goes on with the session there, and home takes it up. */
export async function goesOn(home: Clone, there: Clone, id: string): Promise<void> {
  const before = home.snapshot(id).iterations
  await there.must('sync')
  expect(there.shared()).toBe(home.shared())
  await there.must('trust', id)
  await there.must('resume', id)
  await there.must('iterate', id, '-m', 'echo 2 >b')
  await there.must('sync', '--transcripts')
  await home.must('sync')
  expect(home.shared()).toBe(there.shared())
  expect(home.snapshot(id).iterations).toBe(before + 1)
  expect(await home.must('transcript', id)).toBe(await there.must('transcript', id))
}
