import type { BigIntStats, Dirent, Stats } from 'node:fs'

/** Environment of a process: absent is `undefined`. */
export type Env = Record<string, string | undefined>

/** An open file. */
export interface HostFile {
  readonly fd: number
  read(into: Uint8Array, offset: number, length: number, position: number | null): Promise<{ bytesRead: number }>
  appendFile(data: string | Uint8Array): Promise<void>
  datasync(): Promise<void>
  close(): Promise<void>
}

/** The part of `node:fs/promises` that git-amp uses; memfs' `fs.promises` fits as well. */
export interface HostFs {
  readFile(path: string): Promise<Uint8Array>
  readFile(path: string, encoding: 'utf8'): Promise<string>
  writeFile(path: string, data: string | Uint8Array, options?: { mode?: number; flag?: string }): Promise<void>
  appendFile(path: string, data: string | Uint8Array, options?: { mode?: number }): Promise<void>
  open(path: string, flags: string, mode?: number): Promise<HostFile>
  copyFile(from: string, to: string, mode?: number): Promise<void>
  symlink(target: string, path: string): Promise<void>
  chmod(path: string, mode: number): Promise<void>
  utimes(path: string, atime: Date, mtime: Date): Promise<void>
  /** Copies a directory with all that is in it, as it is. */
  cp(
    from: string,
    to: string,
    options: { recursive: boolean; preserveTimestamps: boolean; verbatimSymlinks: boolean },
  ): Promise<void>
  readlink(path: string): Promise<string>
  mkdir(path: string, options?: { recursive?: boolean; mode?: number }): Promise<string | undefined>
  mkdtemp(prefix: string): Promise<string>
  readdir(path: string): Promise<string[]>
  readdir(path: string, options: { withFileTypes: true }): Promise<Dirent[]>
  rename(from: string, to: string): Promise<void>
  rm(path: string, options?: { recursive?: boolean; force?: boolean }): Promise<void>
  /** Only an empty directory. */
  rmdir(path: string): Promise<void>
  stat(path: string): Promise<Stats>
  lstat(path: string): Promise<Stats | BigIntStats>
  realpath(path: string): Promise<string>
  access(path: string, mode?: number): Promise<void>
}

/** Tells of changes until it is closed. */
export interface Watcher {
  close(): void
}

/** Other processes of this machine. */
export interface Processes {
  /** Process id of git-amp itself. */
  readonly self: number
  /** Sends `signal` (0 only asks) to a process, or to a group when `pid` is negative; false when there is none. */
  kill(pid: number, signal: NodeJS.Signals | 0): boolean
  /**
   * When a process started, as an opaque text that differs for a later process with the same id; null when it is gone.
   * Linux: field 22 of `/proc/<pid>/stat` (proc(5)); elsewhere `ps -o lstart=`.
   */
  startTime(pid: number): Promise<string | null>
  /** Ids of the live processes whose environment holds the line `entry` (`NAME=value`), git-amp itself left out. */
  withEnv(entry: string): Promise<number[]>
  /** Ids of the live processes whose working directory is `dir` or below, git-amp itself left out. */
  workingIn(dir: string): Promise<{ pid: number; name: string }[]>
  /** The words of a process' command line and the files that it has open; null where the system does not tell. */
  insideOf(pid: number): Promise<{ words: string[]; files: string[] } | null>
  /** `pid` and all its descendants, parents first. */
  tree(pid: number): Promise<number[]>
}

/** The doors to the machine, passed in so that tests hand over others. Only `bin.ts` makes the real one. */
export interface Host {
  readonly cwd: string
  readonly env: Env
  readonly fs: HostFs
  readonly hostname: string
  readonly tmpdir: string
  readonly processes: Processes
  /**
   * Identifies this boot of the machine and, after a space, the numbering of processes that this one sees (a container has its own): a lease
   * with another boot is dead, and one with other numbers says nothing.
   */
  bootId(): Promise<string>
  /** When this machine was started, in milliseconds since 1970. */
  bootedAt(): number
  now(): Date
  /** Calls `onChange` when entries of a folder change; null where the system does not tell. Some changes may be missed. */
  watch(folder: string, onChange: () => void): Watcher | null
  /** `n` random bytes. */
  random(n: number): Uint8Array
  sleep(ms: number): Promise<void>
  /** Whether nobody listens on a TCP port of this machine. */
  isFreePort(port: number): Promise<boolean>
}
