/**
 * The lines of a transcript as records, one JSON value a line: `{"t":<ms since the start>,"s":"<stream>","d":"<text>"}`, with `"b":"<base64>"`
 * for bytes that are not UTF-8, and `"more":true` when the line goes on in the next record of its stream. A file of records may be cut
 * anywhere: what is no record is left out. Pure.
 */

import { isUtf8 } from 'node:buffer'

/** `head` names the run and `call` the program's arguments, in JSON; `prompt` is what the agent was given; `out` and `err` what it printed. */
export type TapeStream = 'head' | 'prompt' | 'call' | 'out' | 'err'

const streams: ReadonlySet<unknown> = new Set<TapeStream>(['head', 'prompt', 'call', 'out', 'err'])

/** One line, or a piece of one. */
export interface TapeLine {
  /** Milliseconds since the start of the run. */
  ms: number
  stream: TapeStream
  /** The line without its newline. */
  data: Buffer
  /** The line goes on. */
  more: boolean
}

/** What names a run, in its first record. */
export interface TapeHead {
  session: string
  iteration: string
  n: number
  agent: string
  model: string | null
  thread: string | null
  /** ISO 8601 in UTC. */
  at: string
}

/** A record stays far below the size of a chunk, whatever escaping makes of it. */
const pieceBytes = 64 * 1024

/** The records of a line, each with its newline. */
export function encodeLine(line: TapeLine): string[] {
  const records: string[] = []
  for (let at = 0; at === 0 || at < line.data.length; ) {
    const end = characterEnd(line.data, Math.min(at + pieceBytes, line.data.length))
    const more = end < line.data.length || line.more
    records.push(encodePiece({ ...line, data: line.data.subarray(at, end), more }))
    if (end === line.data.length) break
    at = end
  }
  return records
}

/** The last place not behind `end` at which no character is cut. */
export function characterEnd(data: Buffer, end: number): number {
  let at = end
  while (at > end - 4 && at > 0 && at < data.length && ((data[at] as number) & 0xc0) === 0x80) at--
  return at > end - 4 && at > 0 ? at : end
}

function encodePiece({ ms, stream, data, more }: TapeLine): string {
  const text = textOf(data)
  const content = text === null ? { b: data.toString('base64') } : { d: text }
  return `${JSON.stringify({ t: ms, s: stream, ...content, ...(more ? { more: true } : {}) })}\n`
}

/** The text of bytes; null when they are not UTF-8. */
export function textOf(data: Uint8Array): string | null {
  if (!isUtf8(data)) return null
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8')
}

/** Reads one record; null when it is none. */
export function decodePiece(record: Buffer): TapeLine | null {
  try {
    const { t, s, d, b, more } = JSON.parse(record.toString('utf8')) as Record<string, unknown>
    const data = typeof d === 'string' ? Buffer.from(d) : typeof b === 'string' ? Buffer.from(b, 'base64') : null
    if (typeof t !== 'number' || !streams.has(s) || data === null) return null
    return { ms: t, stream: s as TapeStream, data, more: more === true }
  } catch {
    // Cut by a kill or a full disk, or from a newer git-amp.
    return null
  }
}

/** A line longer than this is handed on in pieces. */
const openBrace = 0x7b
const longest = { json: 16 * 1024 * 1024, text: 256 * 1024 }
/** Where a longer line may be cut: no secret holds one of these. */
const seam = /[\s"'<>,;](?=[^\s"'<>,;]*$)/

/** Whole lines of records, each when its last piece came. */
export async function* joinPieces(records: AsyncIterable<Buffer>, max = longest): AsyncGenerator<TapeLine> {
  const open = new Map<TapeStream, { parts: Buffer[]; bytes: number; ms: number }>()
  for await (const record of records) {
    const piece = decodePiece(record)
    if (piece === null) continue
    const line = open.get(piece.stream) ?? { parts: [], bytes: 0, ms: 0 }
    line.parts.push(piece.data)
    line.bytes += piece.data.length
    line.ms = piece.ms
    if (piece.more) open.set(piece.stream, line)
    else open.delete(piece.stream)
    if (!piece.more) yield { ...piece, data: joined(line.parts) }
    else if (line.bytes >= (line.parts[0]?.[0] === openBrace ? max.json : max.text)) {
      const data = joined(line.parts)
      const end = seamOf(data)
      yield { ...piece, data: data.subarray(0, end) }
      Object.assign(line, { parts: [data.subarray(end)], bytes: data.length - end })
    }
  }
  for (const [stream, { parts, ms }] of open) yield { ms, stream, data: joined(parts), more: false }
}

const joined = (parts: readonly Buffer[]): Buffer => (parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts))

function seamOf(data: Buffer): number {
  const tail = Math.max(0, data.length - pieceBytes)
  const found = seam.exec(data.toString('latin1', tail))
  return found === null ? data.length : tail + found.index + 1
}
