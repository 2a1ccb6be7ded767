import type { AmpEvent } from './events.js'
import type { Snapshot } from './fold.js'
import { isId } from './names.js'

/** Rules for what a chain from elsewhere may say, beyond the form that `codec` asks for. Pure. */

/** Control characters of ASCII and Latin-1, and marks that reorder what a reader sees. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this finds
const control = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/
const controls = new RegExp(control, 'g')

const maxWord = 400

/** Text on one line. */
const isLine = (text: string): boolean => text.length <= maxWord && !control.test(text)

/** The same, and no option of a program. */
const isWord = (text: string): boolean => isLine(text) && !text.startsWith('-')

/** What `git check-ref-format` asks of the part behind `refs/`, and what no branch of ours needs besides. */
export function isRefPath(path: string): boolean {
  if (path === '' || path.length > 400 || control.test(path)) return false
  if (/[ ~^:?*[\\]|\.\.|@\{|\/\/|^-|^\/|\/$|\.$/.test(path) || path === '@' || path === 'HEAD') return false
  return path.split('/').every((part) => !part.startsWith('.') && !part.startsWith('-') && !part.endsWith('.lock'))
}

/** A full ref: `refs/heads/main`, `refs/tags/v1`. */
const isFullRef = (ref: string): boolean => /^refs\/[a-z]/.test(ref) && isRefPath(ref.slice('refs/'.length))

/** A slug is one part of a branch's name. */
const isSlug = (slug: string): boolean => slug !== '' && slug.length <= 120 && !slug.includes('/') && isRefPath(slug)

/** A file below the top of a worktree, as people can read it. */
export const isFilePath = (path: string): boolean =>
  path !== '' && path.length <= 4096 && !control.test(path) && !/^\/|(^|\/)(\.{0,2}|\.git)(\/|$)/i.test(path)

const isTime = (at: string): boolean => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(at) && !Number.isNaN(Date.parse(at))

/** Fields of any event that hold an id of ours: they become names of files. */
const idFields = ['iteration', 'operation', 'comment', 'runner', 'session', 'run']
/** Fields of any event that hold a word. */
const wordFields = ['agent', 'model', 'host', 'cause', 'via', 'result', 'label', 'outcome', 'thread', 'clone']
/** A value nested deeper than this is none of ours, and may exhaust whoever walks through it. */
const maxDepth = 16

/**
 * What is wrong with an event from elsewhere; null when nothing is. The answer quotes nothing of the event.
 */
export function wrongEvent(event: AmpEvent): string | null {
  const { type, at, by, data } = event
  if (!/^[a-z]+(\.[a-z-]+)+$/.test(type) || type.length > 64) return 'an event has a malformed type'
  if (!isTime(at)) return 'an event has a malformed time'
  if (!isLine(by)) return 'an event has a malformed author'
  if (!isShallow(data)) return 'an event is nested too deeply, or holds an absurd number'
  for (const field of idFields)
    if (data[field] !== undefined && !isId(data[field])) return 'an event names a malformed id'
  for (const field of wordFields) if (isBad(data[field], isWord)) return `an event has a malformed '${field}'`
  // A prompt may begin with the dash of a list; nothing takes a name for an option.
  if (isBad(data.name, isLine)) return "an event has a malformed 'name'"
  if (isBad(data.slug, isSlug)) return 'an event has a malformed slug'
  if (isBad(data.path, isFilePath)) return 'an event names a malformed path'
  if (isBad(data.branch, isRefPath)) return 'an event names a malformed branch'
  if (isBad(data.into, isFullRef)) return 'an event names a malformed ref'
  const { name, slug } = (data.name ?? {}) as { name?: unknown; slug?: unknown }
  if (isBad(name, isWord) || isBad(slug, isSlug)) return 'an event has a malformed name'
  if (listed(data.labels).some((label) => isBad(label, isWord))) return 'an event has a malformed label'
  if (listed(data.comments).some((id) => !isId(id))) return 'an event names a malformed id'
  const base = (data.base as { ref?: unknown } | undefined)?.ref
  return isBad(base, isFullRef) ? 'an event names a malformed ref' : null
}

/**
 * What is wrong with a snapshot whose events are not at hand, as in a list of what a remote has; null when nothing is.
 */
export function wrongSnapshot(snapshot: Snapshot): string | null {
  const { name, slug, branch, base, agent, by, createdAt, updatedAt } = snapshot
  const isSound =
    isShallow(snapshot) &&
    [name, by].every(isLine) &&
    isWord(agent) &&
    isSlug(slug) &&
    isRefPath(branch) &&
    (base.ref === null || isFullRef(base.ref)) &&
    [createdAt, updatedAt].every(isTime) &&
    snapshot.open.every(({ host, at }) => isWord(host) && isTime(at))
  return isSound ? null : 'its snapshot is malformed'
}

/** An event's data as other clones take it: what its short fields must not hold is taken out, whoever put it in. */
export function conform(data: Record<string, unknown>): Record<string, unknown> {
  const clean = { ...data }
  for (const field of ['name', ...wordFields]) {
    const value = clean[field]
    if (typeof value !== 'string' || (field === 'name' ? isLine(value) : isWord(value))) continue
    clean[field] = plainLine(field === 'name' ? value : value.replace(/^[-\s]+/, ''))
  }
  return clean
}

/** Text on one line, at most 400 characters of it. */
export const plainLine = (text: string): string =>
  [...text.replace(controls, ' ')]
    .slice(0, maxWord / 2)
    .join('')
    .trim()

/** What a list holds, or an exchange of two lists. */
const listed = (value: unknown): unknown[] =>
  typeof value === 'object' && value !== null ? Object.values(value).flat() : []

/** Absent is fine, and so is another type of value, which is the business of the event's shape. */
const isBad = (value: unknown, isGood: (text: string) => boolean): boolean =>
  typeof value === 'string' && !isGood(value)

/** Whether a value of JSON is nested moderately and holds numbers that add up. Without recursion, whatever it is. */
export function isShallow(value: unknown): boolean {
  const queue: [unknown, number][] = [[value, 0]]
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const [item, depth] = next
    if (typeof item === 'number' && !(Math.abs(item) <= Number.MAX_SAFE_INTEGER)) return false
    if (typeof item !== 'object' || item === null) continue
    if (depth >= maxDepth) return false
    for (const child of Object.values(item)) queue.push([child, depth + 1])
  }
  return true
}
