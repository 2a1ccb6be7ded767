import { diffFiles, type FileChange } from '../../git/diff.js'
import { readablePatch } from '../../git/patch.js'
import { GitError, type Oid } from '../../git/run.js'
import type { Repo } from '../../repo.js'
import { splitLines } from '../../util/ndjson.js'
import { logSession, type ManualCommit } from '../log.js'
import { type IterationTexts, type ShowResult, showSession, textsOf } from '../show.js'
import { findTranscripts, type TranscriptItem, transcriptItems } from '../transcript.js'

/** One session with all that is to be told of it. What may be large is read when it is asked for. */
export interface SessionDocument {
  show: ShowResult
  /** The commits of people on its branch. */
  manual: ManualCommit[]
  /** What changed against its base. */
  files: FileChange[]
  /** Its iterations with their long texts, one after the other. */
  iterations(): AsyncIterable<DocumentPart>
  /** The lines of the whole diff; null when an iteration shows the same. */
  diff: (() => AsyncIterable<string>) | null
}

/** One iteration in a document. */
export interface DocumentPart extends IterationTexts {
  /** The lines of its diff; null when it changed nothing. */
  diff: (() => AsyncIterable<string>) | null
  /** What the agent said and did; null when that is not wanted or not here. */
  talk: (() => AsyncIterable<TranscriptItem>) | null
}

/** Collects what is to be told of a session. */
export async function sessionDocument(
  repo: Repo,
  range: { session: string; base: Oid; head: Oid },
  { conversation }: { conversation: boolean },
): Promise<SessionDocument> {
  const { session, base, head } = range
  const show = await showSession(repo, { session })
  const { items } = await logSession(repo, { session })
  const talks = conversation ? (await findTranscripts(repo, { session })).parts : []
  const isShown = show.iterations.some(({ from, to }) => from === base && to === head)
  return {
    show,
    manual: items.filter((item): item is ManualCommit => item.kind === 'commit'),
    files: await diffFiles(repo.git, [base, head]),
    diff: isShown || base === head ? null : () => diffLines(repo, base, head),
    async *iterations() {
      for (const iteration of show.iterations) {
        const { from, to } = iteration
        const part = talks.find((talk) => talk.iteration.id === iteration.id)
        yield {
          ...(await textsOf(repo, iteration)),
          diff: to === null || to === from ? null : () => diffLines(repo, from, to),
          talk: part === undefined ? null : () => transcriptItems(repo, [part]),
        }
      }
    },
  }
}

/** The lines of a diff; of commits that are not here, why not. */
async function* diffLines(repo: Repo, from: Oid, to: Oid): AsyncGenerator<string> {
  try {
    for await (const line of splitLines(readablePatch(repo.git, from, to))) yield line.toString('utf8')
  } catch (error) {
    if (!(error instanceof GitError)) throw error
    yield `(${error.message})`
  }
}
