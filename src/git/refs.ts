import { AmpError } from '../errors.js'
import { parseCommit } from '../state/object-text.js'
import { type Oid, type RefChange, RefLocked, RefMoved, type RefStore, type Tip } from '../state/storage.js'
import type { CatFile } from './cat-file.js'
import { type Git, GitError } from './run.js'

/** Refs through the git program. `zero` is the null oid in the repository's hash. */
export class GitRefs implements RefStore {
  /** A listing that was asked for before it was known that it is needed. */
  private asked: { prefix: string; answer: AskedTips } | null = null

  constructor(
    private readonly git: Git,
    private readonly catFile: CatFile,
    private readonly zero: Oid,
  ) {}

  /** Takes the answer of `askTips` for the first `tips` of the same prefix. */
  expect(prefix: string, answer: AskedTips): void {
    this.asked = { prefix, answer }
  }

  async read(ref: string): Promise<Oid | null> {
    // A NUL ends an argument, and a newline a request: no ref has either.
    if (/[\0\n]/.test(ref)) return null
    const object = await this.catFile.read(ref)
    if (object !== null) return object.oid
    // Absent, or it points at a missing object.
    const found = await this.git.run(['rev-parse', '--verify', '--quiet', '--end-of-options', ref], {
      ok: [0, 1], // 1: there is no such ref
    })
    if (/ignoring broken ref/.test(found.stderr)) throw brokenRef(ref)
    const oid = found.stdout.trim()
    return oid === '' ? null : oid
  }

  async *tips(prefix: string): AsyncGenerator<Tip> {
    const asked = this.asked?.prefix === prefix ? this.asked.answer : askTips(this.git, prefix)
    this.asked = null
    const seen = new Set<string>()
    try {
      for await (const chunk of asked) {
        for (const tip of chunk) {
          // The rest is read one by one, which tells the name of a ref to a missing object, and why a listing failed.
          if (tip === null) return yield* this.tipsOneByOne(prefix, seen)
          seen.add(tip.ref)
          yield tip
        }
      }
    } catch (error) {
      if (!(error instanceof GitError)) throw error
      yield* this.tipsOneByOne(prefix, seen)
    }
  }

  async update(changes: readonly RefChange[], reason: string): Promise<void> {
    for (const { ref } of changes) if (/[\0\n]/.test(ref)) throw new AmpError('fatal', `'${ref}' is no valid ref name`)
    await this.catFile.flush()
    if (changes.length === 0) return
    const lines = changes.map((change) => {
      const old = change.old ?? this.zero
      if (change.new === change.old) return `verify ${change.ref}\0${old}\0`
      // A ref that somebody made symbolic is written itself, and not the one that it points at.
      if (change.new === null) return `option no-deref\0delete ${change.ref}\0${old}\0`
      return `option no-deref\0update ${change.ref}\0${change.new}\0${old}\0`
    })
    // Without `start` and `commit` a killed git-amp would leave git to commit the half that it has read.
    const input = `start\0${lines.join('')}prepare\0commit\0`
    try {
      await this.git.run(['update-ref', '-m', reason, '-z', '--stdin'], { input })
    } catch (cause) {
      if (!(cause instanceof GitError) || cause.exit.code === null) throw cause
      throw await this.explain(changes, cause)
    }
  }

  /** A failed transaction is told by what the refs are now, not by git's words. */
  private async explain(changes: readonly RefChange[], cause: GitError): Promise<Error> {
    const now = await Promise.all(changes.map((change) => this.read(change.ref)))
    const moved = changes.filter((change, index) => now[index] !== change.old).map((change) => change.ref)
    if (moved.length > 0) return new RefMoved(moved)
    // A directory/file conflict says "cannot lock ref" too, and no waiting helps there.
    const isLock = /\.lock'|unable to lock|cannot lock ref/i.test(cause.stderr) && !/cannot create/.test(cause.stderr)
    return isLock
      ? new RefLocked(
          changes.map((change) => change.ref),
          { cause },
        )
      : cause
  }

  private async *tipsOneByOne(prefix: string, seen: ReadonlySet<string>): AsyncGenerator<Tip> {
    const lines = await this.git.text(['for-each-ref', '--format=%(objectname) %(refname)', prefix])
    for (const line of lines === '' ? [] : lines.split('\n')) {
      const space = line.indexOf(' ')
      const [oid, ref] = [line.slice(0, space), line.slice(space + 1)]
      if (seen.has(ref)) continue
      const object = await this.catFile.read(oid)
      yield {
        ref,
        oid,
        message: object?.type === 'commit' ? parseCommit(object.content.toString('utf8')).message : null,
      }
    }
  }
}

const brokenRef = (ref: string): AmpError =>
  new AmpError('fatal', `${ref} is broken: it holds no object id`, {
    // `git update-ref -d` refuses such a ref.
    hints: [`Remove its file (git rev-parse --git-path ${ref}), and fetch it again from a clone that has it.`],
  })

/** A listing that git is making. It is read, or cancelled. */
export interface AskedTips extends AsyncIterable<(Tip | null)[]> {
  cancel(): void
}

/**
 * Asks for a listing at once: while git answers, the caller may find out where it is. `for-each-ref` tells names and `cat-file` reads the commits
 * meanwhile: with `%(contents)` the former would read every commit before it prints the first one, in twice the time.
 */
export function askTips(git: Git, prefix: string): AskedTips {
  const { names, contents } = tipFormat
  const answer = git.pipe(['for-each-ref', names, prefix], ['cat-file', contents, '--buffer'])
  return { [Symbol.asyncIterator]: () => tipFormat.parse(answer), cancel: () => answer.cancel() }
}

/**
 * The formats of a listing and their parser in one value. A commit may hold any character, so it is read by its length:
 * `<oid> SP <type> SP <bytes> SP <ref> LF <content> LF`. Of what it does not find git prints `<name> SP missing LF`, which is null here.
 */
const tipFormat = {
  names: '--format=%(objectname) %(refname)',
  contents: '--batch=%(objectname) %(objecttype) %(objectsize) %(rest)',

  async *parse(chunks: AsyncIterable<Buffer>): AsyncGenerator<(Tip | null)[]> {
    let rest: Buffer = Buffer.alloc(0)
    for await (const chunk of chunks) {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      const tips: (Tip | null)[] = []
      let at = 0
      for (let record = tipAt(rest, at); record !== null; record = tipAt(rest, at)) {
        tips.push(record.tip)
        at = record.end
      }
      rest = rest.subarray(at)
      yield tips
    }
  },
}

function tipAt(data: Buffer, start: number): { tip: Tip | null; end: number } | null {
  const newline = data.indexOf(0x0a, start)
  if (newline < 0) return null
  const [oid = '', type, size, ref = ''] = data.toString('utf8', start, newline).split(' ')
  if (size === undefined) return { tip: null, end: newline + 1 }
  const end = newline + 1 + Number(size)
  if (data.length < end + 1) return null
  const message = type === 'commit' ? messageOf(data.subarray(newline + 1, end)) : null
  return { tip: { ref, oid, message }, end: end + 1 }
}

/** What follows the headers of a commit. */
function messageOf(commit: Buffer): string {
  const end = commit.indexOf('\n\n')
  return end < 0 ? '' : commit.toString('utf8', end + 2)
}
