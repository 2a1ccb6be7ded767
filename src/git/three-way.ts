import type { ObjectStore, TreeEntry } from '../state/storage.js'
import { guessMerge } from './guess.js'
import { areMerged, type Merged, mergeTrees } from './merge.js'
import type { Git, Oid } from './run.js'

/** Three trees: what was there, and the two that were made of it. */
export interface ThreeWay {
  base: Oid
  ours: Oid
  theirs: Oid
}

/** Objects, and the means to hand what was taken up to other git processes. */
interface Store {
  objects: ObjectStore
  flush(): Promise<void>
}

type Entries = ReadonlyMap<string, TreeEntry>

/** Of what no date and no name matters, so that the same merge makes the same objects. */
const nobody = { name: 'git-amp', email: '', seconds: 0, offset: 0 }

/**
 * Merges trees in memory. Where the two sides changed different entries, object ids decide and no process is needed; all else is `git merge-tree`'s
 * word, with the renames it finds, and the merge attributes of the worktree it runs in.
 */
export class TreeMerger {
  private readonly known = new Map<Oid, Promise<Entries | null>>()
  /** Merges of which the files were guessed, each with its tree. */
  private readonly guessed: (ThreeWay & { tree: Oid })[] = []
  private hasGuessed = false

  /** @param mayGuess whether `prove` will be asked afterwards */
  constructor(
    private readonly store: Store,
    private readonly git: Git,
    private readonly mayGuess: boolean,
  ) {}

  /**
   * Does work that takes many merges. Two changes of one file are guessed at first, and all guesses are put before git in one process; only
   * when git thinks otherwise of one of them, the work is done again with a process for each.
   */
  static async work<T>(store: Store, git: Git, work: (merger: TreeMerger) => Promise<T>): Promise<T> {
    const quick = new TreeMerger(store, git, true)
    const result = await work(quick)
    return (await quick.isProven()) ? result : work(new TreeMerger(store, git, false))
  }

  async merge(trees: ThreeWay): Promise<Merged> {
    const { base, ours, theirs } = trees
    if (base === ours || ours === theirs) return { kind: 'clean', tree: theirs }
    if (base === theirs) return { kind: 'clean', tree: ours }
    this.hasGuessed = false
    const entries = await this.byEntries(trees)
    if (entries === null) return this.byGit(trees)
    const tree = await this.store.objects.writeTree(entries)
    if (this.hasGuessed) this.guessed.push({ ...trees, tree })
    return { kind: 'clean', tree }
  }

  /** Whether git makes the same of everything that was guessed. */
  private async isProven(): Promise<boolean> {
    if (this.guessed.length === 0) return true
    const merges = await Promise.all(
      this.guessed.map(async ({ tree, ...trees }) => ({ tree, commits: await this.commitsOf(trees) })),
    )
    await this.store.flush()
    return areMerged(this.git, merges)
  }

  private async byGit(trees: ThreeWay): Promise<Merged> {
    const [ours, theirs] = await this.commitsOf(trees)
    await this.store.flush()
    return mergeTrees(this.git, ours, theirs)
  }

  /** Git 2.38 and 2.39 know no `--merge-base` in merge-tree, so the trees are dressed as commits: two children of one parent. */
  private async commitsOf({ base, ours, theirs }: ThreeWay): Promise<[Oid, Oid]> {
    const parent = await this.dressed(base, [])
    return [await this.dressed(ours, [parent]), await this.dressed(theirs, [parent])]
  }

  private dressed(tree: Oid, parents: Oid[]): Promise<Oid> {
    const message = 'synthetic\n'
    return this.store.objects.writeCommit({ tree, parents, author: nobody, committer: nobody, message })
  }

  /** The merged tree, or null when it takes more than object ids. */
  private async byEntries(trees: ThreeWay): Promise<TreeEntry[] | null> {
    const [base, ours, theirs] = await Promise.all([trees.base, trees.ours, trees.theirs].map((oid) => this.read(oid)))
    if (!base || !ours || !theirs || mayBeRename(base, ours, theirs)) return null
    const merged = new Map(ours)
    for (const name of new Set([...base.keys(), ...theirs.keys()])) {
      const [old, left, right] = [base.get(name), ours.get(name), theirs.get(name)]
      if (isSame(old, right)) continue
      const entry = isSame(old, left) ? right : await this.both(old, left, right)
      if (entry === null) return null
      if (entry === undefined) merged.delete(name)
      else merged.set(name, entry)
    }
    return [...merged.values()]
  }

  /** An entry that both sides changed: undefined when nothing is left of it, null when object ids cannot tell. */
  private async both(old?: TreeEntry, left?: TreeEntry, right?: TreeEntry): Promise<TreeEntry | undefined | null> {
    // Removed twice, or added twice: one of them may be half of a rename.
    if (old === undefined || left === undefined || right === undefined) return null
    if (isSame(left, right)) return left
    if (left.mode !== old.mode || right.mode !== old.mode) return null
    if (old.mode.startsWith('100')) return this.guess(old, left, right)
    if (old.mode !== '40000') return null
    const entries = await this.byEntries({ base: old.oid, ours: left.oid, theirs: right.oid })
    if (entries === null || entries.length === 0) return entries === null ? null : undefined
    return { ...left, oid: await this.store.objects.writeTree(entries) }
  }

  private async guess(old: TreeEntry, left: TreeEntry, right: TreeEntry): Promise<TreeEntry | null> {
    if (!this.mayGuess) return null
    const blobs = await Promise.all([old, left, right].map(({ oid }) => this.store.objects.readBlob(oid)))
    const [base, ours, theirs] = blobs.map((blob) => (blob === null ? null : Buffer.from(blob).toString('latin1')))
    const merged = base && ours && theirs ? guessMerge(base, ours, theirs) : null
    if (merged === null) return null
    this.hasGuessed = true
    return { ...left, oid: await this.store.objects.writeBlob(Buffer.from(merged, 'latin1')) }
  }

  /** Null for a tree that is not here, or that cannot be written again as it is. */
  private read(oid: Oid): Promise<Entries | null> {
    const found = this.known.get(oid) ?? this.load(oid)
    this.known.set(oid, found)
    return found
  }

  private async load(oid: Oid): Promise<Entries | null> {
    const entries = await this.store.objects.readTree(oid)
    // A name that is no UTF-8 was not read to the byte.
    if (entries === null || entries.some(({ name }) => name.includes('\ufffd'))) return null
    return new Map(entries.map((entry) => [entry.name, entry]))
  }
}

const isSame = (a?: TreeEntry, b?: TreeEntry): boolean => a?.oid === b?.oid && a?.mode === b?.mode

/** One side took entries out of a directory to which the other added some: git asks whether they belong where the others went. */
function mayBeRename(base: Entries, ours: Entries, theirs: Entries): boolean {
  const has = (all: Entries, some: Entries) => [...some.keys()].every((name) => all.has(name))
  return (!has(ours, base) && !has(base, theirs)) || (!has(theirs, base) && !has(base, ours))
}
