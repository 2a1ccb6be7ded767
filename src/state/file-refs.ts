import { AmpError, fatal } from '../errors.js'
import { isOid } from './names.js'
import { type ObjectStore, type Oid, type RefChange, RefLocked, RefMoved, type RefStore, type Tip } from './storage.js'

/** What is used of `fs.promises`; those of `node:fs` and memfs both fit. */
export interface FilePromises {
  readFile(path: string): Promise<Uint8Array | string>
  writeFile(path: string, data: string | Uint8Array, options?: { flag?: string }): Promise<void>
  readdir(path: string): Promise<unknown[]>
  mkdir(path: string, options?: { recursive?: boolean }): Promise<unknown>
  rename(from: string, to: string): Promise<void>
  unlink(path: string): Promise<void>
  rmdir(path: string): Promise<void>
  stat(path: string): Promise<{ isDirectory(): boolean }>
  lstat(path: string): Promise<unknown>
}

/** Symbolic refs are followed this far, as in git. */
const maxDepth = 5

/**
 * Refs as git's files backend keeps them: loose files over `packed-refs`, each write under git's own `<ref>.lock`, so that git and
 * this never overwrite each other. A change is all or nothing as long as this process lives; a crash between two renames leaves the
 * first one done, and no reflog is written. Production writes therefore go through the git program.
 */
export class FileRefs implements RefStore {
  constructor(
    private readonly fs: FilePromises,
    private readonly gitdir: string,
    private readonly objects: ObjectStore,
  ) {}

  async read(ref: string): Promise<Oid | null> {
    return (await this.values([ref])).get(ref) ?? null
  }

  async *tips(prefix: string): AsyncGenerator<Tip> {
    // A ref without an object id is left out, as in `git for-each-ref`.
    const values = await this.values(await this.names(prefix), () => {})
    const messages = new Map<Oid, string | null>()
    for (const [ref, oid] of values) {
      const message = messages.get(oid) ?? (await this.message(oid))
      messages.set(oid, message)
      yield { ref, oid, message }
    }
  }

  async update(changes: readonly RefChange[], _reason: string): Promise<void> {
    await this.refuseInvalid(changes)
    const held = new Set<string>()
    try {
      for (const change of changes) held.add(await this.lock(change.ref, content(change), changes))
      const deleted = changes.filter((change) => change.new === null && change.old !== null).map(({ ref }) => ref)
      const rest = deleted.length === 0 ? null : await this.packedWithout(deleted)
      if (rest !== null) held.add(await this.lock('packed-refs', rest, changes))
      await this.refuseMoved(changes)
      await this.makeRoom(changes.filter((change) => change.old === null && change.new !== null).map(({ ref }) => ref))
      // From here on nothing is left that could fail for a reason of its own.
      if (rest !== null) await this.settle('packed-refs', held)
      for (const change of changes) await this.apply(change, held)
    } finally {
      for (const lock of held) await this.fs.unlink(lock).catch(ignoreAbsent)
    }
  }

  private path(ref: string): string {
    return `${this.gitdir}/${ref}`
  }

  /**
   * Where refs point; absent ones are left out. Loose ones are read first, so that one which is packed meanwhile is not missed.
   * @param broken what to do about a ref that holds no object id; it throws unless told otherwise
   */
  private async values(refs: readonly string[], broken = refuseBroken): Promise<Map<string, Oid>> {
    const found = new Map<string, Oid>()
    let packed: Map<string, Oid> | null = null
    for (const ref of refs) {
      const { name, text } = await this.resolve(ref)
      packed ??= text === null ? await this.packed() : null
      const oid = text === null ? packed?.get(name) : text.trim()
      if (oid === undefined) continue
      if (isOid(oid)) found.set(ref, oid)
      else broken(ref, this.path(name))
    }
    return found
  }

  /** Follows symbolic refs to the file of the last one, or null when it has none. */
  private async resolve(ref: string): Promise<{ name: string; text: string | null }> {
    let name = ref
    for (let depth = 0; ; depth++) {
      const text = isRefName(name) ? await this.text(name) : null
      const target = /^ref: *(.+)/.exec(text ?? '')?.[1]
      if (target === undefined || depth === maxDepth) return { name, text }
      name = target.trim()
    }
  }

  /** A loose ref's file; null when there is none, or a directory in its place. */
  private async text(ref: string): Promise<string | null> {
    try {
      return Buffer.from(await this.fs.readFile(this.path(ref))).toString('utf8')
    } catch (error) {
      if (isCode(error, 'ENOENT', 'EISDIR', 'ENOTDIR')) return null
      throw error
    }
  }

  private async packed(): Promise<Map<string, Oid>> {
    const lines = ((await this.text('packed-refs')) ?? '')
      .split('\n')
      .map((line) => /^([0-9a-f]{40,64}) (.+)$/.exec(line))
    return new Map(lines.flatMap((match) => (match === null ? [] : [[match[2] ?? '', match[1] ?? '']])))
  }

  /** The file without these refs and what belongs to them (`^` lines: what a tag points at); null when none is in it. */
  private async packedWithout(refs: readonly string[]): Promise<string | null> {
    const text = await this.text('packed-refs')
    let isGone = false
    const kept = (text ?? '').split('\n').filter((line) => {
      if (!line.startsWith('^')) isGone = refs.includes(line.slice(line.indexOf(' ') + 1))
      return !isGone
    })
    const rest = kept.join('\n')
    return rest === (text ?? '') ? null : rest
  }

  /** All refs at or below a prefix, by their bytes. */
  private async names(prefix: string): Promise<string[]> {
    const loose = await this.walk(prefix)
    const packed = [...(await this.packed()).keys()]
    const all = new Set([...loose, ...packed].filter((ref) => ref === prefix || ref.startsWith(`${prefix}/`)))
    return [...all].filter(isRefName).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  }

  private async walk(name: string): Promise<string[]> {
    try {
      if (!(await this.fs.stat(this.path(name))).isDirectory()) return [name]
      const children = await this.fs.readdir(this.path(name))
      return (await Promise.all(children.map((child) => this.walk(`${name}/${child}`)))).flat()
    } catch (error) {
      if (isCode(error, 'ENOENT', 'ENOTDIR')) return []
      throw error
    }
  }

  private async message(oid: Oid): Promise<string | null> {
    try {
      return (await this.objects.readCommit(oid))?.message ?? null
    } catch {
      // Broken, or no commit: the others are still listed.
      return null
    }
  }

  /** What git refuses, too: it would damage the repository, or write outside of it. */
  private async refuseInvalid(changes: readonly RefChange[]): Promise<void> {
    const seen = new Set<string>()
    for (const { ref } of changes) {
      if (!isRefName(ref)) throw fatal(`'${ref}' is no valid ref name`)
      if (seen.has(ref)) throw fatal(`several changes of ${ref} in one transaction`)
      seen.add(ref)
      if (/^ref:/.test((await this.text(ref)) ?? ''))
        throw fatal(`${ref} is a symbolic ref, which this storage does not write`)
    }
    for (const oid of new Set(changes.map((change) => change.new))) {
      if (oid !== null && !(await this.hasObject(oid))) throw fatal(`there is no object ${oid} for a ref to point at`)
    }
  }

  private async hasObject(oid: Oid): Promise<boolean> {
    try {
      return (await this.objects.readCommit(oid)) !== null
    } catch (error) {
      // Another type of object is there.
      if (error instanceof AmpError) return true
      throw error
    }
  }

  private async refuseMoved(changes: readonly RefChange[]): Promise<void> {
    const now = await this.values(changes.map((change) => change.ref))
    const moved = changes.filter((change) => (now.get(change.ref) ?? null) !== change.old)
    if (moved.length > 0) throw new RefMoved(moved.map((change) => change.ref))
  }

  /** No ref may be above or below a new one; empty directories of deleted refs may, and are removed. */
  private async makeRoom(refs: readonly string[]): Promise<void> {
    const packed = [...(await this.packed()).keys()]
    for (const ref of refs) {
      // A loose ref above would have been in the way of the lock.
      const inPacks = packed.find((name) => name.startsWith(`${ref}/`) || ref.startsWith(`${name}/`))
      const other = inPacks ?? (await this.walk(ref)).find((name) => name !== ref && isRefName(name))
      if (other !== undefined) throw conflict(ref, other)
      await this.removeEmpty(this.path(ref))
    }
  }

  /** Takes git's lock of a ref, already holding what the ref becomes. A ref that moved is told before one that is locked. */
  private async lock(ref: string, text: string, changes: readonly RefChange[]): Promise<string> {
    const lock = `${this.path(ref)}.lock`
    try {
      await this.create(lock, text)
      return lock
    } catch (error) {
      if (isCode(error, 'ENOTDIR')) throw conflict(ref, 'a ref above it')
      if (!isCode(error, 'EEXIST')) throw error
      await this.refuseMoved(changes)
      const cause = new Error(`Unable to create '${lock}': File exists.`)
      throw new RefLocked([ref], { cause })
    }
  }

  /** Somebody who removes empty directories may come between the two calls, but not for ever. */
  private async create(path: string, text: string): Promise<void> {
    for (let tries = 3; ; tries--) {
      try {
        await this.fs.mkdir(parent(path), { recursive: true }).catch((error) => {
          // A file in the place of a directory is told as EEXIST or ENOTDIR.
          throw isCode(error, 'EEXIST') ? Object.assign(new Error(error.message), { code: 'ENOTDIR' }) : error
        })
        return await this.fs.writeFile(path, text, { flag: 'wx' })
      } catch (error) {
        if (tries === 0 || !isCode(error, 'ENOENT')) throw error
      }
    }
  }

  private async apply(change: RefChange, held: Set<string>): Promise<void> {
    if (change.new === change.old) return
    if (change.new !== null) return this.settle(change.ref, held)
    await this.fs.unlink(this.path(change.ref)).catch(ignoreAbsent)
  }

  /** Puts a lock in the place of the file that it locked. */
  private async settle(ref: string, held: Set<string>): Promise<void> {
    const lock = `${this.path(ref)}.lock`
    await this.fs.rename(lock, this.path(ref))
    // From now on a lock of that name is somebody else's.
    held.delete(lock)
  }

  private async removeEmpty(path: string): Promise<void> {
    try {
      for (const child of await this.fs.readdir(path)) await this.removeEmpty(`${path}/${child}`)
      await this.fs.rmdir(path)
    } catch (error) {
      if (!isCode(error, 'ENOENT', 'ENOTDIR')) throw error
    }
  }
}

/** Whether `ref` is a name below `refs/` that `git check-ref-format` accepts. */
export function isRefName(ref: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  if (/[\x00-\x20\x7f~^:?*[\\]|\.\.|@\{|\/\/|\.$/.test(ref)) return false
  const parts = ref.split('/')
  return parts[0] === 'refs' && parts.length > 1 && parts.every((part) => /^[^.]/.test(part) && !part.endsWith('.lock'))
}

const refuseBroken = (ref: string, path: string): void => {
  throw fatal(
    `${ref} is broken: it holds no object id`,
    `Remove the file '${path}', and fetch it again from a clone that has it.`,
  )
}

const content = (change: RefChange): string => (change.new === null ? '' : `${change.new}\n`)

const parent = (path: string): string => path.slice(0, path.lastIndexOf('/'))

const conflict = (ref: string, other: string): AmpError => fatal(`cannot create ${ref}: ${other} exists`)

const isCode = (error: unknown, ...codes: string[]): boolean =>
  codes.includes(String((error as { code?: unknown } | null)?.code))

function ignoreAbsent(error: unknown): void {
  if (!isCode(error, 'ENOENT', 'ENOTDIR', 'EISDIR', 'EPERM')) throw error
}
