import { AmpError } from '../errors.js'
import { hasShape } from './event-shape.js'
import type { AmpEvent } from './events.js'
import type { Snapshot } from './fold.js'
import { type AnySnapshot, type ChainKind, type EntityKind, kindOf, sessionKind } from './kinds.js'
import { isId } from './names.js'
import type { CommitObject, Oid } from './storage.js'

/** Text of a state commit and back. Pure; see "State commit" in the state format. */

const formatVersion = 1
/** A message stays under 16 KiB; a reader accepts four times that before it calls a commit hostile. */
const maxMessageBytes = 64 * 1024
/** A lamport may not jump further than this in one step: nobody writes a million events at once. */
const maxLamportStep = 1_000_000

/** A state commit as data. */
export interface StateCommit {
  oid: Oid
  entity: { kind: EntityKind; id: string }
  stateParents: readonly Oid[]
  codeParents: readonly Oid[]
  events: readonly AmpEvent[]
  /** Null at the chain's root, which has no events yet. */
  snapshot: AnySnapshot | null
}

/** A state commit before it is written. */
export interface StateMessage {
  subject: string
  entity: { kind: EntityKind; id: string }
  stateParents: number
  events: readonly AmpEvent[]
  snapshot: AnySnapshot | null
}

/** A chain that cannot be read: names what is wrong; the caller adds the ref. */
export class BrokenState extends AmpError {
  override readonly name = 'BrokenState'
  constructor(message: string, hints: readonly string[] = []) {
    super('fatal', message, { hints })
  }
}

/** JSON on one line in ASCII only, so that neither an encoding nor a terminal can change it. */
export const asciiJson = (value: unknown): string =>
  // DEL is the one ASCII control character that JSON leaves alone.
  JSON.stringify(value).replace(/[\x7f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** A subject for people: one line, no control characters, at most 200 characters. */
export const subjectLine = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  [...text.replace(/[\x00-\x1f\x7f-\x9f]+/g, ' ')].slice(0, 200).join('').trim()

/** The message of a state commit, with its final newline. */
export function encodeState(state: StateMessage): string {
  const trailers = [
    `Amp-Format: ${formatVersion}`,
    `Amp-Entity: ${state.entity.kind} ${state.entity.id}`,
    `Amp-State-Parents: ${state.stateParents}`,
    ...state.events.map((event) => `Amp-Event: ${asciiJson(event)}`),
    ...(state.snapshot === null ? [] : [`Amp-Snapshot: ${asciiJson(state.snapshot)}`]),
  ]
  return `${subjectLine(state.subject)}\n\n${trailers.join('\n')}\n`
}

/**
 * Reads a state commit.
 * @throws BrokenState when the message is none of ours, too large or inconsistent
 */
export function decodeState(oid: Oid, commit: Pick<CommitObject, 'message' | 'parents'>): StateCommit {
  const fields = trailersOf(commit.message)
  const [kind, id] = (one(fields, 'Amp-Entity') ?? '').split(' ')
  if ((kind !== 'session' && kind !== 'batch') || !isId(id)) throw new BrokenState(`commit ${oid} names no session`)
  const counted = one(fields, 'Amp-State-Parents') ?? ''
  const count = Number(counted)
  if (!/^\d+$/.test(counted) || count > commit.parents.length) {
    throw new BrokenState(`commit ${oid} counts its state parents wrongly`)
  }
  return {
    oid,
    entity: { kind, id },
    stateParents: commit.parents.slice(0, count),
    codeParents: commit.parents.slice(count),
    events: (fields.get('Amp-Event') ?? []).map((text) => decodeEvent(oid, text)),
    snapshot: decodeSnapshot(kindOf(kind), oid, one(fields, 'Amp-Snapshot')),
  }
}

/**
 * The snapshot inside a tip's message, for listing without walking the chain.
 * @returns null when the chain has to be folded again: no snapshot, or one made by an older fold
 */
export const snapshotOf = (oid: Oid, message: string): Snapshot | null => snapshotAs(sessionKind, oid, message)

/** The same of a chain of any kind. */
export function snapshotAs<S extends AnySnapshot>(kind: ChainKind<S>, oid: Oid, message: string): S | null {
  const snapshot = decodeSnapshot(kind, oid, quickSnapshot(message) ?? one(trailersOf(message), 'Amp-Snapshot'))
  return snapshot === null || snapshot.fold < kind.version ? null : snapshot
}

/** The snapshot's line, found without taking ten thousand messages apart: no value holds a raw newline. */
function quickSnapshot(message: string): string | undefined {
  const at = message.lastIndexOf(snapshotStart)
  const isOurs = message.length <= maxMessageBytes / 4 && message.includes(`\nAmp-Format: ${formatVersion}\n`)
  if (at < 0 || !isOurs) return undefined
  const end = message.indexOf('\n', at + 1)
  return message.slice(at + snapshotStart.length, end < 0 ? undefined : end)
}

const snapshotStart = '\nAmp-Snapshot: '

/** Whether a lamport may follow the largest one of the state parents. */
export const isNextLamport = (lamport: number, before: number): boolean =>
  Number.isSafeInteger(lamport) && lamport > before && lamport - before <= maxLamportStep

function trailersOf(message: string): Map<string, string[]> {
  if (Buffer.byteLength(message) > maxMessageBytes) throw new BrokenState('a state commit is larger than 64 KiB')
  const fields = new Map<string, string[]>()
  for (const line of message.slice(message.indexOf('\n\n') + 2).split('\n')) {
    // `s`: a separator of paragraphs (U+2028) in a value ends no line here.
    const match = /^(Amp-[A-Za-z-]+): (.*)$/s.exec(line)
    if (match === null) continue
    const [, key = '', value = ''] = match
    const values = fields.get(key)
    if (values === undefined) fields.set(key, [value])
    else values.push(value)
  }
  const format = one(fields, 'Amp-Format')
  if (format === undefined) throw new BrokenState('a commit is no state commit of git-amp')
  if (Number(format) !== formatVersion) {
    throw new BrokenState(`a state commit has format ${format}, and this git-amp reads format ${formatVersion}`, [
      'Update git-amp.',
    ])
  }
  return fields
}

const one = (fields: Map<string, string[]>, key: string): string | undefined => fields.get(key)?.at(-1)

function decodeEvent(oid: Oid, text: string): AmpEvent {
  const event = parse(oid, text) as Partial<AmpEvent>
  const { id, type, lamport, at, by, data } = event
  const isPlain = isId(id) && typeof type === 'string' && typeof at === 'string' && typeof by === 'string'
  const isTimed = Number.isSafeInteger(lamport) && Number(lamport) > 0
  if (!isPlain || !isTimed || typeof data !== 'object' || data === null || Array.isArray(data)) {
    throw new BrokenState(`commit ${oid} holds a malformed event`)
  }
  if (!hasShape(type, data)) throw new BrokenState(`commit ${oid} holds a malformed event of type ${type}`)
  return event as AmpEvent
}

function decodeSnapshot<S extends AnySnapshot>(kind: ChainKind<S>, oid: Oid, text: string | undefined): S | null {
  if (text === undefined) return null
  const snapshot = parse(oid, text) as Partial<S>
  // One of an older fold may lack what this one needs; it is folded again.
  if (typeof snapshot.fold !== 'number' || (snapshot.fold >= kind.version && !kind.isWhole(snapshot))) {
    throw new BrokenState(`commit ${oid} holds a malformed snapshot`)
  }
  return snapshot as S
}

function parse(oid: Oid, text: string): object {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value
  } catch {
    // Falls through to the one error for every malformed value.
  }
  throw new BrokenState(`commit ${oid} holds malformed JSON`)
}
