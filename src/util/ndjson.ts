const lineFeed = 0x0a
const carriageReturn = 0x0d

/** A line longer than this comes in pieces, so that a program that never ends its line cannot fill the memory. */
const longestLine = 64 * 1024 * 1024

/** What one line says: a JSON object, or any other text. */
export type Line = { kind: 'json'; value: object; text: string } | { kind: 'text'; text: string }

/**
 * Splits bytes into lines, at the byte 0x0A and nowhere else: U+2028, U+0085 and a lone CR are part of a line, unlike
 * in `node:readline`. The lines come without their 0x0A, and otherwise as they are; a last line without one comes too.
 */
export async function* splitLines(source: AsyncIterable<Uint8Array>, max = longestLine): AsyncGenerator<Buffer> {
  let parts: Buffer[] = []
  let length = 0
  for await (const bytes of source) {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    let start = 0
    for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, start)) {
      const last = chunk.subarray(start, end)
      yield parts.length === 0 ? last : Buffer.concat([...parts, last])
      parts = []
      length = 0
      start = end + 1
    }
    if (start < chunk.length) {
      parts.push(chunk.subarray(start))
      length += chunk.length - start
    }
    if (length >= max) {
      yield Buffer.concat(parts)
      parts = []
      length = 0
    }
  }
  if (length > 0) yield Buffer.concat(parts)
}

/** Reads one line. Bytes that are not UTF-8 become U+FFFD; a CR at the end is not part of the text. */
export function parseLine(line: Buffer): Line {
  const end = line.at(-1) === carriageReturn ? line.length - 1 : line.length
  const text = new TextDecoder().decode(line.subarray(0, end))
  // Every agent speaks in objects: a lone number or string is somebody's plain text.
  if (!text.trimStart().startsWith('{')) return { kind: 'text', text }
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return { kind: 'json', value, text }
  } catch {
    // Noise, or a line that was cut: text, then.
  }
  return { kind: 'text', text }
}
