import type { ListedSession } from '../actions/list.js'
import type { SessionState } from '../actions/shared/sessions.js'
import type { ChainTip } from '../state/chain.js'
import type { IterationView } from '../state/iterations.js'
import { sessionView } from '../state/view.js'
import { printable } from '../util/sanitize.js'

/** The machine-readable forms: every field has a fixed name and meaning, and new ones may be added. */

/** A session as `--json` shows it everywhere. */
export const sessionJson = (tip: ChainTip, state: SessionState | null, worktree: string | null = null) => ({
  ...sessionView(tip.id, tip.snapshot),
  ...(state === null ? {} : { state }),
  worktree,
})

/** An iteration as `--json` shows it. */
export const iterationJson = (iteration: IterationView) => iteration

/** Fields of `--format` and, in this order, of `--porcelain`. */
export const listFields = [
  'session',
  'slug',
  'name',
  'state',
  'branch',
  'worktree',
  'base',
  'baseref',
  'head',
  'iterations',
  'files',
  'insertions',
  'deletions',
  'agent',
  'tests',
  'created',
  'updated',
  'title',
] as const

/** The values of a session for those fields, and `id`, `id:short` besides. */
export function listValues(session: ListedSession, worktree: string | null): Record<string, string> {
  const { snapshot } = session
  const { files, insertions, deletions } = snapshot.changes
  return {
    id: session.id,
    'id:short': session.shortId,
    session: session.id,
    slug: snapshot.slug,
    name: snapshot.name,
    state: session.state,
    branch: snapshot.branch,
    worktree: worktree ?? '',
    base: snapshot.base.oid,
    baseref: snapshot.base.ref ?? '',
    head: snapshot.heads.join(' '),
    iterations: `${snapshot.iterations}`,
    files: `${files}`,
    insertions: `${insertions}`,
    deletions: `${deletions}`,
    agent: snapshot.agent,
    tests: snapshot.tested === undefined ? '' : snapshot.tested.exit === 0 ? 'pass' : 'fail',
    created: snapshot.createdAt,
    updated: snapshot.updatedAt,
    title: snapshot.title,
  }
}

/** Fields that hold what somebody wrote. */
const written = ['name', 'title', 'agent', 'by', 'text']

/** The same values without what a terminal would act on; with `z` they go to a program, as they are. */
export const plainValues = (values: Readonly<Record<string, string>>, z: boolean): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, !z && written.includes(key) ? printable(value) : value]),
  )

/** Records of `key value` lines with an empty line between them; with `z` every line ends in NUL instead. */
export function porcelain(
  records: readonly Readonly<Record<string, string>>[],
  keys: readonly string[],
  z: boolean,
): string {
  const end = z ? '\0' : '\n'
  const lines = (record: Readonly<Record<string, string>>) =>
    keys
      .filter((key) => (record[key] ?? '') !== '')
      .map((key) => `${key} ${z ? record[key] : (record[key] ?? '').replace(/\n/g, ' ')}${end}`)
  return records.map((record) => lines(record).join('') + end).join('')
}
