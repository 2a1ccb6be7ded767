import { batchStatuses, type EventType, itemStatuses, sessionStatuses } from './events.js'
import { isId, isOid } from './names.js'

type Check = (value: unknown) => boolean

/** More items than these no plan has: the state of each of them is in every snapshot of its run. */
export const maxItems = 10_000

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const text: Check = (value) => typeof value === 'string'
const number: Check = (value) => typeof value === 'number'
const exit: Check = (value) => value === null || typeof value === 'number'
const blob: Check = (value) => isObject(value) && isOid(value.oid) && text(value.head) && number(value.bytes)
const longText: Check = (value) => text(value) || blob(value)
const list: Check = (value) => Array.isArray(value) || blob(value)
const base: Check = (value) => isObject(value) && isOid(value.oid) && (value.ref === null || text(value.ref))
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value)

const isStatus: Check = (value) => sessionStatuses.some((status) => status === value)
const orNull = (check: Check): Check => optional((value) => value === null || check(value))
const texts: Check = (value) => Array.isArray(value) && value.every(text)
const oids: Check = (value) => Array.isArray(value) && value.every(isOid)
const exchangeOf =
  (check: Check): Check =>
  (value) =>
    isObject(value) && check(value.drop) && check(value.add)
const merged: Check = (value) => isObject(value) && text(value.into) && isOid(value.after) && text(value.at)
const paused: Check = (value) => isObject(value) && isOid(value.snapshot) && isStatus(value.was)
const review: Check = (value) => isObject(value) && text(value.url) && text(value.at)

const kept: Check = (value) =>
  isObject(value) && text(value.iteration) && number(value.n) && isOid(value.from) && isOid(value.commit)
const isUsage: Check = (value) =>
  isObject(value) && number(value.input) && number(value.output) && number(value.cacheRead) && number(value.cacheWrite)
const isChanges: Check = (value) =>
  isObject(value) && number(value.files) && number(value.insertions) && number(value.deletions)

const usage = optional(isUsage)
const runner = { runner: isId, host: text, clone: optional(text) }
const amount: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0
const total = optional(isChanges)
const spent = {
  usage,
  models: optional(list),
  costUsd: optional(number),
  costSource: optional(text),
  thread: optional(text),
  threadTotal: optional(isObject),
  threadPlace: optional(text),
  transcript: optional((value) => isObject(value) && isOid(value.oid) && number(value.bytes)),
}
const remarks = {
  hooks: optional(list),
  nested: optional(list),
  refs: optional(list),
  unsigned: optional(text),
  left: optional(text),
  kept: optional((value) => typeof value === 'boolean'),
  keptAs: optional(isOid),
  newThread: optional(text),
  unstaged: optional(text),
  conflicts: optional(list),
  replacedGit: optional(text),
  submodules: optional(list),
  untold: optional(text),
  settings: optional(list),
}

/** What the fold and the story of a session rely on; further fields are nobody's business here. */
const shapes: Record<EventType, Record<string, Check>> = {
  'session.created': {
    name: text,
    slug: text,
    prompt: longText,
    branch: text,
    base,
    agent: text,
    model: optional(text),
    test: optional(longText),
  },
  'session.renamed': { name: text, slug: optional(text), branch: optional(text) },
  'iteration.started': {
    iteration: text,
    n: number,
    prompt: longText,
    from: isOid,
    agent: text,
    model: optional(text),
    host: text,
    clone: optional(text),
    comments: optional(texts),
  },
  'iteration.finished': {
    iteration: text,
    from: isOid,
    to: isOid,
    exit,
    outcome: text,
    toolCalls: number,
    durationMs: number,
    commits: list,
    summary: optional(longText),
    total,
    ...spent,
    ...remarks,
  },
  'iteration.failed': {
    iteration: text,
    from: isOid,
    to: optional(isOid),
    reason: text,
    exit: optional(exit),
    waiting: optional(text),
    commits: optional(list),
    summary: optional(longText),
    total,
    ...spent,
    ...remarks,
  },
  'head.moved': { from: isOid, to: isOid, cause: text, iteration: optional(text), total, base: optional(isOid) },
  'test.recorded': {
    iteration: optional(text),
    command: longText,
    tree: isOid,
    exit,
    durationMs: number,
    output: optional(longText),
  },
  'session.squashed': { from: isOid, to: isOid, map: list, total, onto: optional(isOid) },
  'session.rebased': { from: isOid, to: isOid, onto: isOid, map: list, total },
  'session.conflicted': { from: isOid, onto: isOid, start: isOid, host: text, commit: isOid, paths: list },
  'session.rebase-aborted': { from: isOid, onto: isOid, at: optional(isOid) },
  'session.resolved': {
    commit: isOid,
    paths: list,
    agent: text,
    model: optional(text),
    durationMs: number,
    reason: optional(text),
    ...spent,
  },
  'session.merged': { into: text, before: isOid, after: isOid, via: text, result: text },
  'session.review': { url: text, remote: text, branch: text, head: isOid },
  'session.paused': { snapshot: isOid },
  'session.resumed': {},
  'session.closed': { reason: text },
  'session.reopened': {},
  'session.heads-resolved': { keep: isOid, drop: oids, total },
  'operation.undone': {
    operation: text,
    command: text,
    heads: optional(exchangeOf(oids)),
    base: optional(base),
    status: optional(isStatus),
    merged: orNull(merged),
    paused: orNull(paused),
    review: orNull(review),
    thread: orNull((value) => isObject(value) && text(value.agent) && text(value.id)),
    kept: orNull(kept),
    total,
    name: optional((value) => isObject(value) && text(value.name) && text(value.slug)),
    labels: optional(exchangeOf(texts)),
    comments: optional(exchangeOf(texts)),
  },
  'label.added': { label: text },
  'label.removed': { label: text },
  'batch.created': {
    name: text,
    plan: longText,
    total: (value) => amount(value) && Number(value) <= maxItems,
    ...runner,
  },
  'batch.resumed': runner,
  'batch.item': {
    n: amount,
    key: (value) => text(value) && /^[0-9a-f]{16,64}$/.test(String(value)),
    status: (value) => itemStatuses.some((status) => status === value),
    session: optional(isId),
    error: optional(text),
    isTransient: optional((value) => typeof value === 'boolean'),
    iterations: optional(amount),
    durationMs: optional(number),
    tests: orNull(number),
    merged: optional((value) => typeof value === 'boolean'),
    run: optional(isId),
    usage,
    costUsd: optional(number),
    files: optional(amount),
    insertions: optional(amount),
    deletions: optional(amount),
  },
  'batch.aborted': { reason: text },
  'batch.finished': {},
  'comment.added': {
    comment: text,
    text: longText,
    path: optional(text),
    line: optional(number),
    end: optional(number),
    commit: optional(isOid),
    code: optional(longText),
  },
  'comment.resolved': { comment: text, iteration: optional(text) },
  'comment.reopened': { comment: text },
}

/** Whether an event's data has the form that its type promises. Types that are not known have any. */
export function hasShape(type: string, data: Record<string, unknown>): boolean {
  if (!Object.hasOwn(shapes, type)) return true
  return Object.entries(shapes[type as EventType]).every(([key, check]) => check(data[key]))
}

const isOpen: Check = (value) =>
  Array.isArray(value) && value.every((open) => isObject(open) && text(open.iteration) && isOid(open.from))
const isLast: Check = (value) =>
  isObject(value) && text(value.iteration) && number(value.n) && text(value.outcome) && text(value.at)
const isThread: Check = (value) => isObject(value) && text(value.agent) && text(value.id)
const isTested: Check = (value) => isObject(value) && text(value.tree) && exit(value.exit) && text(value.at)
const isMerging: Check = (value) => isObject(value) && text(value.into) && isOid(value.before) && isOid(value.after)
const isRebasing: Check = (value) =>
  isObject(value) && isOid(value.from) && isOid(value.onto) && isOid(value.start) && text(value.host) && text(value.at)
const isAbsent: Check = (value) => value === undefined

/**
 * Whether a snapshot of this fold holds all that listing a session relies on. Each field by its name and not from a table: ten thousand snapshots
 * are looked at by one `list`.
 */
export const isWholeSnapshot = (snapshot: object): boolean => {
  const it = snapshot as Record<string, unknown>
  return (
    Number.isSafeInteger(it.lamport) &&
    number(it.events) &&
    number(it.unknown) &&
    text(it.name) &&
    text(it.slug) &&
    text(it.title) &&
    text(it.status) &&
    text(it.branch) &&
    isObject(it.base) &&
    text(it.base.oid) &&
    (it.base.ref === null || text(it.base.ref)) &&
    text(it.agent) &&
    (isAbsent(it.model) || text(it.model)) &&
    (isAbsent(it.test) || text(it.test)) &&
    oids(it.heads) &&
    number(it.iterations) &&
    isOpen(it.open) &&
    (isAbsent(it.last) || isLast(it.last)) &&
    (isAbsent(it.thread) || isThread(it.thread)) &&
    (isAbsent(it.tested) || isTested(it.tested)) &&
    isChanges(it.changes) &&
    isUsage(it.usage) &&
    (isAbsent(it.costUsd) || number(it.costUsd)) &&
    texts(it.labels) &&
    (isAbsent(it.comments) || texts(it.comments)) &&
    (isAbsent(it.merged) || merged(it.merged)) &&
    (isAbsent(it.paused) || paused(it.paused)) &&
    (isAbsent(it.review) || review(it.review)) &&
    (isAbsent(it.kept) || kept(it.kept)) &&
    (isAbsent(it.merging) || isMerging(it.merging)) &&
    (isAbsent(it.rebasing) || isRebasing(it.rebasing)) &&
    text(it.createdAt) &&
    text(it.updatedAt) &&
    text(it.by)
  )
}

/** Whether a snapshot of a batch run holds all that listing it relies on. */
export const isWholeBatch = (snapshot: object): boolean => {
  const it = snapshot as Record<string, unknown>
  return (
    Number.isSafeInteger(it.lamport) &&
    number(it.events) &&
    number(it.unknown) &&
    text(it.name) &&
    batchStatuses.some((status) => status === it.status) &&
    amount(it.total) &&
    Number(it.total) <= maxItems &&
    text(it.items) &&
    /^(\d{0,5}[a-z])*$/.test(String(it.items)) &&
    (isAbsent(it.runner) || (isObject(it.runner) && isId(it.runner.id) && text(it.runner.host))) &&
    isUsage(it.usage) &&
    (isAbsent(it.costUsd) || number(it.costUsd)) &&
    (isAbsent(it.reason) || text(it.reason)) &&
    text(it.createdAt) &&
    text(it.updatedAt) &&
    text(it.by)
  )
}
