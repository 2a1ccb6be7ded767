import { AmpError } from '../errors.js'
import { parseCommit } from '../state/object-text.js'
import { type Oid, type RefChange, RefLocked, RefMoved, type RefStore, type Tip } from '../state/storage.js'
import type { CatFile } from './cat-file.js'
import { type Git, GitError } from './run.js'

/** Refs through the git program. `zero` is the null oid in the repository's hash. */
export class GitRefs implements RefStore {
  /** A listing that was asked for before it was known that it is needed. */
  private asked: { prefix: string; answer: AsyncIterable<Buffer> } | null = null

  constructor(
    private readonly git: Git,
    private readonly catFile: CatFile,
    private readonly zero: Oid,
  ) {}

  /** Takes the answer of `askTips` for the first `tips` of the same prefix. */
  expect(prefix: string, answer: AsyncIterable<Buffer>): void {
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
    const { formatArgument, parse } = tipFormat
    const seen = new Set<string>()
    try {
      const asked = this.asked?.prefix === prefix ? this.asked.answer : null
      this.asked = null
      for await (const tip of parse(asked ?? this.git.stream(['for-each-ref', formatArgument, prefix]))) {
        seen.add(tip.ref)
        yield tip
      }
    } catch (error) {
      // One ref to a missing object makes the whole listing fail: read the rest one by one.
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

/** Asks for a listing at once: while git answers, the caller may find out where it is. */
export function askTips(git: Git, prefix: string): AsyncIterable<Buffer> {
  const chunks = git.stream(['for-each-ref', tipFormat.formatArgument, prefix])
  // A generator begins when it is asked for its first value.
  const first = chunks.next()
  // Outside a repository nobody waits for it.
  first.catch(() => {})
  return (async function* () {
    const { value, done } = await first
    if (done === true) return
    yield value
    yield* chunks
  })()
}

/**
 * The listing's format and its parser in one value. A message may hold any control character, so it is read by its
 * length: `<ref> NUL <oid> NUL <type> NUL <bytes> NUL <message> LF`.
 */
const tipFormat = {
  formatArgument: '--format=%(refname)%00%(objectname)%00%(objecttype)%00%(contents:size)%00%(contents)',

  async *parse(chunks: AsyncIterable<Buffer>): AsyncGenerator<Tip> {
    let rest: Buffer = Buffer.alloc(0)
    for await (const chunk of chunks) {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      let at = 0
      for (let record = tipAt(rest, at); record !== null; record = tipAt(rest, at)) {
        yield record.tip
        at = record.end
      }
      rest = rest.subarray(at)
    }
  },
}

function tipAt(data: Buffer, start: number): { tip: Tip; end: number } | null {
  const first = data.indexOf(0, start)
  const second = data.indexOf(0, first + 1)
  const third = data.indexOf(0, second + 1)
  const fourth = data.indexOf(0, third + 1)
  if (first < 0 || second < 0 || third < 0 || fourth < 0) return null
  const end = fourth + 1 + Number(data.toString('latin1', third + 1, fourth))
  if (data.length < end + 1) return null
  const tip = {
    ref: data.toString('utf8', start, first),
    oid: data.toString('latin1', first + 1, second),
    message: data.toString('latin1', second + 1, third) === 'commit' ? data.toString('utf8', fourth + 1, end) : null,
  }
  return { tip, end: end + 1 }
}
