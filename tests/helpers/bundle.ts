import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll } from 'vitest'
import type { Host } from '../../src/host.js'
import type { Scene } from './scene.js'

const home = resolve(import.meta.dirname, '../..')
let copy: string | null = null
afterAll(() => {
  if (copy !== null) rmSync(copy, { recursive: true, force: true })
})

/** The built program: a copy, so that a build meanwhile does not take it away. */
export function bundle(): string {
  if (copy !== null) return join(copy, 'dist/git-amp.cjs')
  if (!existsSync(join(home, 'dist/git-amp.cjs'))) execFileSync('npx', ['rollup', '-c', '--silent'], { cwd: home })
  copy = mkdtempSync(join(tmpdir(), 'git-amp-bundle-'))
  cpSync(join(home, 'dist'), join(copy, 'dist'), { recursive: true })
  return join(copy, 'dist/git-amp.cjs')
}

/** Puts the bundle on a scene's PATH, so that `git amp` finds it. */
export function install(s: Scene): Scene {
  const bin = join(s.root, 'bin')
  mkdirSync(bin, { recursive: true })
  symlinkSync(bundle(), join(bin, 'git-amp'))
  s.env.PATH = `${bin}:${s.env.PATH ?? ''}`
  return s
}

export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

/** A process that runs, and how it will have ended. */
export interface Started {
  child: ChildProcess
  ended: Promise<Ended>
}

/** Starts a program in a scene, as leader of a process group of its own; with `stdin` it can be typed at. */
export function start(
  s: Scene,
  argv: readonly string[],
  { cwd = s.dir, stdin = 'ignore' }: { cwd?: string; stdin?: 'ignore' | 'pipe' } = {},
): Started {
  const [file = '', ...args] = argv
  const child = spawn(file, args, {
    cwd,
    env: s.env as NodeJS.ProcessEnv,
    detached: true,
    stdio: [stdin, 'pipe', 'pipe'],
  })
  // It may have ended before it reads what is typed.
  child.stdin?.on('error', () => {})
  const texts = { stdout: '', stderr: '' }
  child.stdout?.on('data', (chunk: Buffer) => {
    texts.stdout += chunk.toString('utf8')
  })
  child.stderr?.on('data', (chunk: Buffer) => {
    texts.stderr += chunk.toString('utf8')
  })
  // Not `close`: what a killed program leaves behind may hold its pipes.
  const ended = new Promise<Ended>((done, failed) => {
    child.once('error', failed)
    child.once('exit', (code, signal) => setTimeout(() => done({ code, signal, ...texts }), 10))
  })
  return { child, ended }
}

/** This machine as the bundle sees it, for commands in process that meet what it left. */
export const thisMachine: Partial<Host> = {
  hostname: hostname(),
  bootId: async () =>
    `${read('/proc/sys/kernel/random/boot_id', readFileSync)} ${read('/proc/self/ns/pid', readlinkSync)}`,
}

function read(path: string, how: (path: string, encoding: 'utf8') => string): string {
  try {
    return how(path, 'utf8').trim()
  } catch {
    // Only Linux tells.
    return ''
  }
}

/** Runs a program in a scene to its end. */
export const run = (s: Scene, argv: readonly string[], cwd = s.dir): Promise<Ended> => start(s, argv, { cwd }).ended

/** Runs a shell line in a scene. */
export const sh = (s: Scene, line: string, cwd = s.dir): Promise<Ended> => run(s, ['bash', '-c', line], cwd)

/** Starts the bundle without git around it, so that the process is git-amp itself. */
export const startAmp = (s: Scene, ...argv: string[]): Started => start(s, [process.execPath, bundle(), ...argv])
