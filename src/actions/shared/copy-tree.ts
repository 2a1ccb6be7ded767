import { spawn } from 'node:child_process'
import { basename, dirname, join } from 'node:path'
import type { Env, HostFs } from '../../host.js'
import { copyByHand } from './copy-node.js'

/** Files and directories of one tree, to be copied to the same places in another one. */
export interface CopyJob {
  /** Top of the tree that they are in, and of the one that they go to; nobody else writes there. */
  from: string
  to: string
  paths: readonly string[]
  env: Env
  signal: AbortSignal
  /** So many pieces of all are done. */
  on?: ((done: number, total: number) => void) | undefined
}

export interface CopyResult {
  /** What could not be copied, in words. What vanished meanwhile is none of it. */
  problems: string[]
}

/** So many programs copy at once. */
const workers = 2
/** A directory with more entries is copied in pieces. */
const fewEntries = 8
/** Bytes of a command line. */
const longestLine = 100_000

/** Something that goes into a directory that is there. */
interface Piece {
  source: string
  into: string
}

interface Plan extends CopyJob {
  fs: HostFs
  pieces: Piece[]
  problems: string[]
  /** Directories that are filled in pieces: their mode and time are set at the end. */
  filled: { source: string; target: string }[]
}

/**
 * Copies by `cp -a --reflink=auto` where there is such a program, several at once, else by hand. Symbolic links are copied as links. Nothing
 * that is there is written over, and nothing is read or written through a symbolic link.
 */
export async function copyTrees(fs: HostFs, job: CopyJob): Promise<CopyResult> {
  const plan: Plan = { ...job, fs, pieces: [], problems: [], filled: [] }
  for (const path of job.paths) await add(plan, path)
  const batches = batchesOf(plan.pieces)
  let done = 0
  job.on?.(0, batches.length)
  await inTurns(batches, async (batch) => {
    job.signal.throwIfAborted()
    plan.problems.push(...(await copyBatch(plan, batch)))
    job.on?.(++done, batches.length)
  })
  for (const { source, target } of plan.filled.reverse()) await sameStat(fs, source, target)
  return { problems: plan.problems }
}

async function add(plan: Plan, path: string): Promise<void> {
  const { fs, from, to, problems } = plan
  const [source, target] = [join(from, path), join(to, path)]
  if (!(await isBelowDirectories(fs, from, path))) return
  const found = await fs.lstat(source).catch(() => null)
  if (found === null) return
  if (!(await makeParents(plan, path))) {
    problems.push(`${path}: its directory is a symbolic link, or a file, in the worktree`)
    return
  }
  const there = await fs.lstat(target).catch(() => null)
  if (there !== null && !(there.isDirectory() && found.isDirectory())) return
  const names = found.isDirectory() ? await fs.readdir(source).catch(() => []) : []
  if (there !== null) {
    for (const name of names) await add(plan, join(path, name))
  } else if (names.length > fewEntries) {
    await fs.mkdir(target, { mode: 0o700 })
    plan.filled.push({ source, target })
    for (const name of names) plan.pieces.push({ source: join(source, name), into: target })
  } else plan.pieces.push({ source, into: dirname(target) })
}

/** Whether what is there of a path, as far as it is there, are real directories. */
export async function isClear(fs: HostFs, top: string, path: string): Promise<boolean> {
  const parts = path.replace(/\/$/, '').split('/')
  const last = path.endsWith('/') ? parts.length : parts.length - 1
  for (let length = 1; length <= last; length++) {
    const stat = await fs.lstat(join(top, ...parts.slice(0, length))).catch(() => null)
    if (stat === null) return true
    if (!stat.isDirectory()) return false
  }
  return true
}

/** Whether everything above a path is a real directory. */
async function isBelowDirectories(fs: HostFs, top: string, path: string): Promise<boolean> {
  const parts = path.split('/').slice(0, -1)
  for (let length = 1; length <= parts.length; length++) {
    const stat = await fs.lstat(join(top, ...parts.slice(0, length))).catch(() => null)
    if (stat?.isDirectory() !== true) return false
  }
  return true
}

/** Makes the directories above a path one by one: one that is a link would lead elsewhere. */
async function makeParents({ fs, from, to, filled }: Plan, path: string): Promise<boolean> {
  const parts = path.split('/').slice(0, -1)
  for (let length = 1; length <= parts.length; length++) {
    const part = join(...parts.slice(0, length))
    const target = join(to, part)
    const stat = await fs.lstat(target).catch(() => null)
    if (stat === null) {
      await fs.mkdir(target)
      filled.push({ source: join(from, part), target })
    } else if (!stat.isDirectory()) return false
  }
  return true
}

async function sameStat(fs: HostFs, source: string, target: string): Promise<void> {
  const stat = await fs.stat(source).catch(() => null)
  if (stat === null) return
  await fs.chmod(target, stat.mode & 0o7777)
  await fs.utimes(target, stat.atime, stat.mtime)
}

/** Pieces that go into one directory, in batches of about the same size. */
function batchesOf(pieces: readonly Piece[]): Piece[][] {
  const most = Math.max(1, Math.ceil(pieces.length / (workers * 4)))
  const batches: Piece[][] = []
  let length = 0
  for (const piece of pieces) {
    const last = batches.at(-1)
    length += piece.source.length + 1
    if (last === undefined || last[0]?.into !== piece.into || last.length >= most || length > longestLine) {
      batches.push([piece])
      length = piece.source.length + 1
    } else last.push(piece)
  }
  return batches
}

async function inTurns<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items]
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: workers }, worker))
}

async function copyBatch(plan: Plan, batch: readonly Piece[]): Promise<string[]> {
  const { fs, env, signal } = plan
  const into = batch[0]?.into ?? ''
  const answer = await runCp(
    ['-a', '--reflink=auto', '-t', into, '--', ...batch.map(({ source }) => source)],
    env,
    signal,
  )
  signal.throwIfAborted()
  if (answer !== null) return answer
  const problems = batch.map(({ source }) => copyByHand(fs, source, join(into, basename(source))))
  return (await Promise.all(problems)).flat()
}

/** @returns what went wrong; null when there is no such `cp` here */
function runCp(args: readonly string[], env: Env, signal: AbortSignal): Promise<string[] | null> {
  return new Promise((resolve) => {
    const child = spawn('cp', args, { env: { PATH: env.PATH, LC_ALL: 'C' }, stdio: ['ignore', 'ignore', 'pipe'] })
    const stop = () => child.kill()
    signal.addEventListener('abort', stop, { once: true })
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => {
      if (said.length < longestLine) said += chunk.toString('utf8')
    })
    child.once('error', () => resolve(null))
    child.once('close', (code) => {
      signal.removeEventListener('abort', stop)
      const isUnknown = code !== 0 && /(unrecognized|illegal|invalid|unknown) option/i.test(said)
      resolve(isUnknown ? null : code === 0 ? [] : problemsOf(said))
    })
  })
}

/** What `cp` could not find has vanished since it was listed. */
function problemsOf(said: string): string[] {
  const lines = said.split('\n').filter((line) => line !== '' && !line.endsWith(': No such file or directory'))
  return lines.map((line) => line.replace(/^cp: /, ''))
}
