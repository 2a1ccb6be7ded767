import { Errors, readObject, writeObject } from 'isomorphic-git'
import { fatal } from '../errors.js'
import type { Stores } from './chain.js'
import { type FilePromises, FileRefs } from './file-refs.js'
import { isOid } from './names.js'
import { formatCommit, formatTree, parseCommit, parseTree } from './object-text.js'
import type { CommitObject, ObjectStore, Oid, RefChange, RefStore, Tip, TreeEntry } from './storage.js'

/** An `fs` (of node, memfs, a browser) and the repository's common git directory in it. */
export interface IsomorphicOptions {
  fs: { promises: FilePromises }
  gitdir: string
}

type ObjectType = 'commit' | 'tree' | 'blob'

/** Repositories whose configuration names another extension than these may keep refs or objects in ways unknown here. */
const knownExtensions = ['noop', 'preciousobjects', 'partialclone', 'worktreeconfig']

/**
 * The second storage: objects through isomorphic-git, refs as files, over any `fs` and without a git program. It gives the same
 * object ids as the first one. Made for tests and for read-only use in editors and pages; nothing it writes is
 * crash-atomic, so production writes go through the git program.
 */
export function openIsomorphic({ fs, gitdir }: IsomorphicOptions): Stores {
  let checked: Promise<void> | null = null
  const check = (): Promise<void> => {
    checked ??= refuseUnknown(fs.promises, gitdir)
    return checked
  }
  const objects = new IsomorphicObjects(fs, gitdir, check)
  return { objects, refs: new CheckedRefs(new FileRefs(fs.promises, gitdir, objects), check) }
}

/** Objects through isomorphic-git, which reads loose and packed ones and writes loose ones. */
class IsomorphicObjects implements ObjectStore {
  /** Parsed pack indexes, for as long as this storage lives. */
  private readonly cache = {}

  constructor(
    private readonly fs: IsomorphicOptions['fs'],
    private readonly gitdir: string,
    private readonly check: () => Promise<void>,
  ) {}

  async readCommit(oid: Oid): Promise<CommitObject | null> {
    const content = await this.read(oid, 'commit')
    return content === null ? null : parseCommit(content.toString('utf8'))
  }

  async readTree(oid: Oid): Promise<TreeEntry[] | null> {
    const content = await this.read(oid, 'tree')
    return content === null ? null : parseTree(content, oid.length / 2)
  }

  readBlob(oid: Oid): Promise<Uint8Array | null> {
    return this.read(oid, 'blob')
  }

  writeCommit(commit: CommitObject): Promise<Oid> {
    return this.write('commit', Buffer.from(formatCommit(commit)))
  }

  writeTree(entries: readonly TreeEntry[]): Promise<Oid> {
    return this.write('tree', formatTree(entries))
  }

  writeBlob(data: Uint8Array | string): Promise<Oid> {
    return this.write('blob', typeof data === 'string' ? Buffer.from(data) : data)
  }

  private async write(type: ObjectType, object: Uint8Array): Promise<Oid> {
    await this.check()
    return writeObject({ fs: this.fs, gitdir: this.gitdir, type, object, format: 'content' })
  }

  private async read(oid: Oid, type: ObjectType): Promise<Buffer | null> {
    await this.check()
    if (!isOid(oid)) return null
    try {
      const { fs, gitdir, cache } = this
      const found = await readObject({ fs, gitdir, oid, cache, format: 'content' })
      if (found.type === type) return Buffer.from(found.object as Uint8Array)
      throw fatal(`object ${oid} is a ${found.type} where a ${type} is expected`)
    } catch (error) {
      if (error instanceof Errors.NotFoundError) return null
      throw error
    }
  }
}

/** Refs of a repository that was looked at first. */
class CheckedRefs implements RefStore {
  constructor(
    private readonly refs: RefStore,
    private readonly check: () => Promise<void>,
  ) {}

  async read(ref: string): Promise<Oid | null> {
    await this.check()
    return this.refs.read(ref)
  }

  async *tips(prefix: string): AsyncGenerator<Tip> {
    await this.check()
    yield* this.refs.tips(prefix)
  }

  async update(changes: readonly RefChange[], reason: string): Promise<void> {
    await this.check()
    await this.refs.update(changes, reason)
  }
}

/**
 * Refuses what isomorphic-git would read or write wrongly without an error.
 * @throws AmpError for a linked worktree, another hash or ref format, and borrowed objects
 */
async function refuseUnknown(fs: FilePromises, gitdir: string): Promise<void> {
  const has = (name: string) =>
    fs.stat(`${gitdir}/${name}`).then(
      () => true,
      () => false,
    )
  if (await has('commondir')) {
    throw fatal(
      `'${gitdir}' belongs to a linked worktree`,
      'Open the directory that "git rev-parse --git-common-dir" prints.',
    )
  }
  if (!(await has('config')) || !(await has('objects'))) throw fatal(`'${gitdir}' is no git directory`)
  const config = Buffer.from(await fs.readFile(`${gitdir}/config`)).toString('utf8')
  for (const [key, value] of extensionsOf(config)) {
    const isUsual = (key === 'objectformat' && value === 'sha1') || (key === 'refstorage' && value === 'files')
    if (isUsual || knownExtensions.includes(key)) continue
    if (key === 'objectformat')
      throw fatal(`'${gitdir}' is a ${value} repository, and isomorphic-git knows only sha1`, 'Use the git program.')
    throw fatal(`'${gitdir}' needs the extension '${key}', which isomorphic-git does not know`, 'Use the git program.')
  }
  if (await has('objects/info/alternates')) {
    throw fatal(
      `'${gitdir}' borrows objects from another repository, which isomorphic-git cannot read`,
      'Use the git program.',
    )
  }
}

/** Keys and values of the section `[extensions]`, in lower case. */
function extensionsOf(config: string): [string, string][] {
  const found: [string, string][] = []
  let section = ''
  for (const line of config.split('\n')) {
    const [, name, rest = ''] = /^\s*\[\s*([^\]\s]+)[^\]]*\](.*)$/.exec(line) ?? [null, undefined, line]
    if (name !== undefined) section = name.toLowerCase()
    const [, key, value = 'true'] = /^\s*([A-Za-z][A-Za-z0-9-]*)\s*(?:=\s*"?([^"#;\s]*))?/.exec(rest) ?? []
    if (section === 'extensions' && key !== undefined) found.push([key.toLowerCase(), value.toLowerCase()])
  }
  return found
}
