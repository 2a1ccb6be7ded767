import type { Collision, ConflictsResult, Landing } from '../actions/conflicts.js'
import type { Lines } from '../util/conflict-hunks.js'
import { oneLine } from '../util/sanitize.js'
import { plural } from '../util/time.js'
import type { Screen } from './session.js'
import { renderTable } from './table.js'

/** Conflicts, pair by pair, and the order to land in. */
export function renderConflicts({ collisions, order }: ConflictsResult, screen: Screen): string {
  if (collisions.length === 0) return order.length === 0 ? '' : `${plural(order.length, 'session')}, no conflicts`
  return [...collisions.map((collision) => collisionWords(collision, screen)), orderWords(order, screen)].join('\n\n')
}

function collisionWords({ a, b, base, files }: Collision, { paint }: Screen): string {
  const into = oneLine((base ?? '').replace(/^refs\/heads\//, ''))
  const [one, other] = [oneLine(a.snapshot.slug), b === null ? into : oneLine(b.snapshot.slug)]
  const rows = files.map(({ path, type, hunks }) => {
    const places = hunks.map(({ ours, theirs }) => `${linesWords(ours)} of ${one}, ${linesWords(theirs)} of ${other}`)
    return [`    ${oneLine(path)}`, hunks.length === 0 ? type : places.join('; ')]
  })
  const title = `${nameOf(a)} and ${b === null ? `its base ${into}` : nameOf(b)}`
  return `${paint('failed', title)}\n${renderTable(rows, [{}, {}], null)}`
}

const nameOf = ({ id, snapshot }: Collision['a']): string => `${id.slice(0, 4)} ${oneLine(snapshot.slug)}`

/** `line 12`, `lines 12-15`; `before line 12` when nothing is left of the lines. */
const linesWords = ({ line, count }: Lines): string =>
  count === 0 ? `before line ${line}` : count === 1 ? `line ${line}` : `lines ${line}-${line + count - 1}`

/** More sessions than this are counted. */
const shownOthers = 5

function othersWords(withBase: boolean, after: readonly Collision['a'][]): string {
  const names = [...(withBase ? ['its base'] : []), ...after.map((one) => oneLine(one.snapshot.slug))]
  const more = names.length - shownOthers
  return more <= 1 ? names.join(', ') : `${names.slice(0, shownOthers).join(', ')} and ${more} more`
}

function orderWords(order: readonly Landing[], { paint, width }: Screen): string {
  const rows = order.map(({ tip, hasUncommitted, after, withBase }, at) => [
    `${at + 1}`,
    tip.id.slice(0, 4),
    oneLine(tip.snapshot.slug),
    [
      withBase || after.length > 0 ? `resolve with ${othersWords(withBase, after)}` : 'as it is',
      ...(hasUncommitted ? ['has uncommitted work'] : []),
    ].join('; '),
  ])
  const columns = [{ align: 'end' as const }, { paint: (text: string) => paint('id', text) }, { max: 24 }, {}]
  return `Land them in this order:\n${renderTable(rows, columns, width)}`
}

/** The same for programs. */
export const conflictsJson = ({ collisions, order, unknown, merges }: ConflictsResult) => ({
  schema: 'git-amp/conflicts@1',
  conflicts: collisions.map(({ a, b, base, files }) => ({ session: a.id, other: b?.id ?? null, base, files })),
  order: order.map(({ tip, hasUncommitted, after, withBase }) => ({
    session: tip.id,
    slug: tip.snapshot.slug,
    hasUncommitted,
    resolve: after.map(({ id }) => id),
    resolveBase: withBase,
  })),
  unknown,
  merges,
})
