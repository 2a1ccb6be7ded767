const lineFeed = 0x0a
const carriageReturn = 0x0d
const openBrace = 0x7b

/** A line longer than this comes in pieces, so that a program that never ends its line cannot fill the memory. */
const longest = { json: 16 * 1024 * 1024, text: 1024 * 1024 }

/** What one line says: a JSON object, or any other text. */
export type Line = { kind: 'json'; value: object; text: string } | { kind: 'text'; text: string }

/**
 * Splits bytes into lines, at the byte 0x0A and nowhere else: U+2028, U+0085 and a lone CR are part of a line, unlike
 * in `node:readline`. The lines come without their 0x0A, and otherwise as they are.
 */
export class LineSplitter {
  private parts: Buffer[] = []
  private length = 0

  /** Lines longer than `max` come in pieces; a line that begins like no JSON object, from `maxText` on. */
  constructor(
    private readonly max = longest.json,
    private readonly maxText = Math.min(max, longest.text),
  ) {}

  /** The lines that end in this chunk. They may be views of it. */
  *push(bytes: Uint8Array): Generator<Buffer> {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    let start = 0
    for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, start)) {
      const last = chunk.subarray(start, end)
      start = end + 1
      yield this.parts.length === 0 ? last : this.take(last)
    }
    if (start < chunk.length) {
      // A copy: a view would keep its whole chunk, however little of it is left.
      const rest = chunk.subarray(start)
      this.parts.push(start === 0 ? rest : Buffer.from(rest))
      this.length += rest.length
    }
    const limit = this.parts[0]?.[0] === openBrace ? this.max : this.maxText
    if (this.length >= limit) yield this.take()
  }

  /** The last line, when it has no 0x0A. */
  *end(): Generator<Buffer> {
    if (this.length > 0) yield this.take()
  }

  private take(...more: Buffer[]): Buffer {
    const line = Buffer.concat([...this.parts, ...more])
    this.parts = []
    this.length = 0
    return line
  }
}

/** The lines of a whole source, the last one without a 0x0A too. */
export async function* splitLines(source: AsyncIterable<Uint8Array>, max?: number): AsyncGenerator<Buffer> {
  const splitter = new LineSplitter(max)
  for await (const bytes of source) yield* splitter.push(bytes)
  yield* splitter.end()
}

/** Reads one line. Bytes that are not UTF-8 become U+FFFD; a CR at the end is not part of the text. */
export function parseLine(line: Buffer): Line {
  const end = line.at(-1) === carriageReturn ? line.length - 1 : line.length
  const start = line[0] === 0xef && line[1] === 0xbb && line[2] === 0xbf ? 3 : 0
  const text = line.toString('utf8', start, end)
  // Every agent speaks in objects: a lone number or string is somebody's plain text.
  if (!isObjectStart(text)) return { kind: 'text', text }
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return { kind: 'json', value, text }
  } catch {
    // Noise, or a line that was cut: text, then.
  }
  return { kind: 'text', text }
}

const isObjectStart = (text: string): boolean => text[0] === '{' || /^\s+\{/.test(text.slice(0, 100))
