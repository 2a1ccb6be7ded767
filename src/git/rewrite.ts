import type { CatFile } from './cat-file.js'
import { commitSafely, isSigning } from './commit.js'
import type { CommitInfo } from './history.js'
import type { Git, Oid } from './run.js'

/** Where a commit is put when it is written again. */
export interface NewPlace {
  tree: Oid
  parents: readonly Oid[]
}

/** Headers that belong to the old bytes alone. */
const dropped = /^(tree|parent|committer|gpgsig|gpgsig-sha256|mergetag) /

/**
 * Writes commits of a branch anew. Without signing no process is needed for each: they are gathered, and handed to git by `flush` of the
 * object database. With `commit.gpgSign` every one is signed.
 */
export class CommitWriter {
  /** Commits that could not be signed although signing was asked for. */
  unsigned = 0
  /** Commits that had a signature and have none any more. */
  lost = 0

  private constructor(
    private readonly git: Git,
    private readonly store: CatFile,
    private readonly who: { sign: boolean; isDryRun: boolean; author: string; committer: string },
  ) {}

  /**
   * @param git the place whose identity and settings count
   * @param options in a dry run nothing is signed, because that may ask for a passphrase
   */
  static async open(git: Git, store: CatFile, { isDryRun = false } = {}): Promise<CommitWriter> {
    const [sign, author, committer] = await Promise.all([
      isSigning(git),
      git.text(['var', 'GIT_AUTHOR_IDENT']),
      git.text(['var', 'GIT_COMMITTER_IDENT']),
    ])
    return new CommitWriter(git, store, { sign, isDryRun, author, committer })
  }

  private get signs(): boolean {
    return this.who.sign && !this.who.isDryRun
  }

  /** A commit that there was not before, by the user, now. */
  async make({ tree, parents }: NewPlace, message: string): Promise<Oid> {
    if (this.signs) return this.signed({ tree, parents, message })
    const { author, committer } = this.who
    const lines = [...place({ tree, parents }), `author ${author}`, `committer ${committer}`, '', message]
    return this.store.write('commit', Buffer.from(lines.join('\n')))
  }

  /** A commit in another place: author, date, message and its encoding stay to the byte; a signature would be wrong and does not. */
  async again(commit: CommitInfo, to: NewPlace): Promise<Oid> {
    const content = (await this.store.read(commit.oid))?.content ?? Buffer.alloc(0)
    const end = content.indexOf('\n\n')
    const headers = foldedLines(content.toString('latin1', 0, end < 0 ? content.length : end))
    const wasSigned = headers.some((line) => line.startsWith('gpgsig'))
    if (this.signs) {
      const failed = this.unsigned
      const oid = await this.signed({ ...to, message: commit.message, author: commit.author })
      if (wasSigned && this.unsigned > failed) this.lost++
      return oid
    }
    if (wasSigned && !this.who.sign) this.lost++
    const [author = '', ...others] = headers.filter((line) => !dropped.test(line))
    const lines = [...place(to), author, `committer ${bytes(this.who.committer)}`, ...others]
    const text = Buffer.from(lines.join('\n'), 'latin1')
    return this.store.write('commit', Buffer.concat([text, end < 0 ? Buffer.from('\n\n') : content.subarray(end)]))
  }

  private async signed(commit: NewPlace & { message: string; author?: CommitInfo['author'] }): Promise<Oid> {
    await this.store.flush()
    const made = await commitSafely(this.git, { ...commit, sign: true })
    if (made.unsigned !== null) this.unsigned++
    return made.oid
  }
}

const place = ({ tree, parents }: NewPlace): string[] => [`tree ${tree}`, ...parents.map((oid) => `parent ${oid}`)]

/** Text in the one-byte form in which the headers are kept while they are taken apart. */
const bytes = (text: string): string => Buffer.from(text).toString('latin1')

/** Headers, each with the lines that continue it. */
const foldedLines = (text: string): string[] => text.split(/\n(?! )/)
