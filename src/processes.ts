import { execFile } from 'node:child_process'
import { readFileSync, watch } from 'node:fs'
import { readdir, readFile, readlink, realpath } from 'node:fs/promises'
import type { Processes, Watcher } from './host.js'

/** Tried by listening there for a moment, on all addresses. */
export async function isFreePort(port: number): Promise<boolean> {
  // Most commands ask for no port.
  const { createServer } = await import('node:net')
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, exclusive: true }, () => server.close(() => resolve(true)))
  })
}

/** How a system answers what needs more than a signal. */
interface Source {
  startTime(pid: number): Promise<string | null>
  withEnv(entry: string): Promise<number[]>
  directories(): Promise<{ pid: number; name: string; dir: string }[]>
  parents(): Promise<{ pid: number; parent: number }[]>
  insideOf(pid: number): Promise<{ words: string[]; files: string[] } | null>
}

/** The processes of this machine: read from `/proc` on Linux, asked from `ps` and `lsof` elsewhere. */
export function realProcesses(): Processes {
  const self = process.pid
  const source = process.platform === 'linux' ? linux : portable
  return {
    self,
    kill: sendSignal,
    startTime: (pid) => source.startTime(pid),
    withEnv: async (entry) => (await source.withEnv(entry)).filter((pid) => pid !== self),
    async workingIn(dir) {
      const root = await realpath(dir).catch(() => dir)
      const inside = (path: string) => path === root || path.startsWith(root === '/' ? root : `${root}/`)
      const found = (await source.directories()).filter((one) => one.pid !== self && inside(one.dir))
      return found.map(({ pid, name }) => ({ pid, name }))
    },
    insideOf: (pid) => source.insideOf(pid),
    tree: async (pid) => descendants(pid, await source.parents()),
  }
}

/** Watches a folder; null where that is not possible. */
export function watchFolder(folder: string, onChange: () => void): Watcher | null {
  try {
    const watcher = watch(folder, onChange)
    // The folder is gone, or the system has no more of them.
    watcher.on('error', () => watcher.close())
    return watcher
  } catch {
    return null
  }
}

function sendSignal(pid: number, signal: NodeJS.Signals | 0): boolean {
  // 0 is our own group and -1 everybody: never meant, and what a broken number turns into.
  if (!Number.isSafeInteger(pid) || pid === 0 || pid === -1) return false
  try {
    return process.kill(pid, signal)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function descendants(root: number, all: { pid: number; parent: number }[]): number[] {
  const found = new Set(all.some((one) => one.pid === root) ? [root] : [])
  // A set grows while it is walked: children are visited in their turn.
  for (const pid of found) for (const one of all) if (one.parent === pid) found.add(one.pid)
  return [...found]
}

const linux: Source = {
  async startTime(pid) {
    const stat = await statOf(pid)
    return stat === null ? null : stat.started
  },
  async withEnv(entry) {
    const wanted = Buffer.from(`\0${entry}\0`)
    return existing(await eachProcess(async (pid) => ((await environmentOf(pid)).includes(wanted) ? pid : null)))
  },
  async directories() {
    return existing(
      await eachProcess(async (pid) => ({
        pid,
        dir: await readlink(`/proc/${pid}/cwd`),
        name: (await readFile(`/proc/${pid}/comm`, 'utf8')).trim(),
      })),
    )
  },
  async insideOf(pid) {
    try {
      const line = await readFile(`/proc/${pid}/cmdline`, 'utf8')
      return { words: line.split('\0'), files: await openFiles(pid) }
    } catch {
      // Gone, or somebody else's.
      return null
    }
  },
  async parents() {
    return existing(
      await eachProcess(async (pid) => {
        const stat = await statOf(pid)
        return stat === null ? null : { pid, parent: stat.parent }
      }),
    )
  },
}

async function openFiles(pid: number): Promise<string[]> {
  const numbers = await readdir(`/proc/${pid}/fd`)
  return existing(await Promise.all(numbers.map((n) => readlink(`/proc/${pid}/fd/${n}`).catch(() => null))))
}

/** Read at once: the kernel has it at hand, and the thread pool takes ten times as long, for each process of the machine. */
const environmentOf = async (pid: number): Promise<Buffer> =>
  Buffer.concat([Buffer.of(0), readFileSync(`/proc/${pid}/environ`), Buffer.of(0)])

/** Asks every process; one that is gone meanwhile, or belongs to somebody else, has no answer. */
async function eachProcess<T>(ask: (pid: number) => Promise<T>): Promise<(T | null)[]> {
  const pids = (await readdir('/proc')).map(Number).filter(Number.isSafeInteger)
  return Promise.all(pids.map((pid) => ask(pid).catch(() => null)))
}

/** Parent and start time (proc(5), fields 4 and 22); null for a process that is gone or only waits to be collected. */
async function statOf(pid: number): Promise<{ parent: number; started: string } | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '')
  // The name in field 2 may hold spaces and brackets of its own: the fields are counted from its last bracket.
  const [state, parent, ...rest] = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const started = rest[17]
  if (started === undefined || state === 'Z' || state === 'X') return null
  return { parent: Number(parent), started }
}

const portable: Source = {
  async startTime(pid) {
    const [line] = await linesOf('ps', ['-o', 'stat=,lstart=', '-p', String(pid)])
    const [, state, started] = /^\s*(\S+)\s+(.*\S)/.exec(line ?? '') ?? []
    return started === undefined || state?.startsWith('Z') ? null : started
  },
  async withEnv(entry) {
    const lines = await linesOf('ps', ['-A', '-E', '-ww', '-o', 'pid=,command='])
    return lines.filter((line) => ` ${line} `.includes(` ${entry} `)).map((line) => Number.parseInt(line, 10))
  },
  async directories() {
    const found: { pid: number; name: string; dir: string }[] = []
    let [pid, name] = [0, '']
    for (const line of await linesOf('lsof', ['-w', '-a', '-d', 'cwd', '-F', 'pcn'])) {
      if (line.startsWith('p')) pid = Number(line.slice(1))
      else if (line.startsWith('c')) name = line.slice(1)
      else if (line.startsWith('n')) found.push({ pid, name, dir: line.slice(1) })
    }
    return found
  },
  insideOf: async () => null,
  async parents() {
    const rows = (await linesOf('ps', ['-A', '-o', 'pid=,ppid=,stat='])).map((line) => line.trim().split(/\s+/))
    const alive = rows.filter(([, , state]) => !state?.startsWith('Z'))
    return alive.map(([pid, parent]) => ({ pid: Number(pid), parent: Number(parent) }))
  },
}

/** Lines that a program prints. No answer is an empty one: `ps -p` fails for a process that is gone. */
function linesOf(program: string, args: string[]): Promise<string[]> {
  const env = { PATH: process.env.PATH, LC_ALL: 'C' }
  return new Promise((resolve) => {
    execFile(program, args, { env, maxBuffer: 64 * 1024 * 1024 }, (_error, stdout) => {
      resolve(stdout.split('\n').filter((line) => line !== ''))
    })
  })
}

const existing = <T>(values: (T | null)[]): T[] => values.filter((value) => value !== null)
