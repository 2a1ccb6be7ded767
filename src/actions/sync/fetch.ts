import { no } from '../../errors.js'
import { fetchRefs, listRemote } from '../../git/remote.js'
import { GitError } from '../../git/run.js'
import type { Repo } from '../../repo.js'
import { oneLine } from '../../util/sanitize.js'
import { dropHalfMade, halfMade } from '../shared/half-made.js'
import type { Remote } from './remote.js'

/** What anybody may have, by the names it has elsewhere and here below the remote's prefix. A star also stands for nothing: absent refs are no error. */
const open: readonly (readonly [string, string])[] = [
  ['refs/amp/sessions/*', 'sessions/*'],
  ['refs/amp/batches/*', 'batches/*'],
  ['refs/amp/archive/*', 'archive/*'],
  ['refs/amp/tombstones*', 'tombstones*'],
  ['refs/notes/amp*', 'notes/amp*'],
]

/** The same, with what others have let go of by a yes. */
const shared: readonly (readonly [string, string])[] = [
  ...open,
  ['refs/amp-private/transcripts/*', 'transcripts/*'],
  ['refs/amp-private/snapshots/*', 'snapshots/*'],
]

const refspecsOf = (remote: Remote, refs: readonly (readonly [string, string])[]): string[] =>
  refs.map(([theirs, ours]) => `+${theirs}:${remote.tracking}/${ours}`)

/** Refspecs with which `git fetch` takes the copies that a sync takes. */
export const openRefspecs = (remote: Remote): string[] => refspecsOf(remote, open)

/** A ref that the remote shows and cannot give. */
export interface Unfetched {
  ref: string
  reason: string
}

/**
 * Takes copies of what the remote shares, and nothing else: nothing that is here is touched.
 * @returns refs that could not be had; the others were
 * @throws AmpError when the remote cannot be reached
 */
export async function fetchShared(repo: Repo, remote: Remote): Promise<Unfetched[]> {
  for (const one of await halfMade(repo)) await dropHalfMade(repo, one)
  const refspecs = refspecsOf(remote, shared)
  try {
    await fetchRefs(remote.git, remote.name, { refspecs, prune: true })
    return []
  } catch (error) {
    if (!(error instanceof GitError) || error.exit.code === null) throw error
    return fetchApart(remote, error)
  }
}

/** One bad ref makes a fetch fail whole: the others are fetched in halves, until the bad ones are alone. */
async function fetchApart(remote: Remote, cause: GitError): Promise<Unfetched[]> {
  const patterns = shared.map(([theirs]) => theirs)
  const listed = await listRemote(remote.git, remote.name, patterns).catch((error) => {
    if (error instanceof GitError) throw unreachable(remote, cause)
    throw error
  })
  const refs = [...listed.keys()].filter((ref) => copyOf(ref) !== null)
  return fetchHalves(remote, refs)
}

async function fetchHalves(remote: Remote, refs: readonly string[]): Promise<Unfetched[]> {
  if (refs.length === 0) return []
  try {
    const refspecs = refs.map((ref) => `+${ref}:${remote.tracking}/${copyOf(ref)}`)
    await fetchRefs(remote.git, remote.name, { refspecs })
    return []
  } catch (error) {
    if (!(error instanceof GitError) || error.exit.code === null) throw error
    const [ref] = refs
    if (refs.length === 1 && ref !== undefined)
      return [{ ref, reason: `the remote cannot give it: ${oneLine(error.message)}` }]
    const half = Math.ceil(refs.length / 2)
    return [...(await fetchHalves(remote, refs.slice(0, half))), ...(await fetchHalves(remote, refs.slice(half)))]
  }
}

/** Where the copy of a ref of the remote is kept, below its prefix; null when it is nothing that is shared. */
function copyOf(ref: string): string | null {
  for (const [theirs, ours] of shared) {
    const start = theirs.slice(0, -1)
    if (ref.startsWith(start)) return `${ours.slice(0, -1)}${ref.slice(start.length)}`
  }
  return null
}

/** The plain "no" about a remote that does not answer. */
export const unreachable = (remote: Remote, cause: GitError) =>
  no(
    `cannot fetch from ${oneLine(remote.url)}: ${oneLine(cause.message)}`,
    ...cause.hints,
    'Nothing was changed here. Run the command again when the remote can be reached.',
  )
