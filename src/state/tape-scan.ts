import { decodePiece, joinPieces, type TapeLine, type TapeStream } from './tape.js'

/** Ends of records whose lines go on, and the beginning of bytes that are no text: both are looked into. */
const goesOn = Buffer.from('"more":true}')
const isBytes = Buffer.from(',"b":"')
const lineFeed = 0x0a

/**
 * The lines of a transcript that may hold something, whole, in their order. Nothing is decoded of the others, so that a gigabyte of them is passed over
 * as fast as memory is read.
 * @param chunks each ends with a record
 * @param mayHold whether bytes of records may hold it
 */
export const scanTape = (
  chunks: AsyncIterable<Buffer>,
  mayHold: (bytes: Buffer) => boolean,
): AsyncGenerator<TapeLine> => joinPieces(relevant(chunks, mayHold))

async function* relevant(chunks: AsyncIterable<Buffer>, mayHold: (bytes: Buffer) => boolean): AsyncGenerator<Buffer> {
  /** Lines that go on in the next record of their stream. */
  const open = new Set<TapeStream>()
  for await (const chunk of chunks) {
    const hasPieces = open.size > 0 || chunk.includes(goesOn)
    if (!hasPieces && !chunk.includes(isBytes) && !mayHold(chunk)) continue
    for (const record of recordsOf(chunk)) {
      const isOpen = hasPieces && isPiece(record, open)
      if (isOpen || record.includes(isBytes) || mayHold(record)) yield record
    }
  }
}

/** Whether a record is part of a line of several. */
function isPiece(record: Buffer, open: Set<TapeStream>): boolean {
  const isMore = record.subarray(-goesOn.length).equals(goesOn)
  if (!isMore && open.size === 0) return false
  const piece = decodePiece(record)
  if (piece === null) return false
  const wasOpen = open.has(piece.stream)
  if (piece.more) open.add(piece.stream)
  else open.delete(piece.stream)
  return piece.more || wasOpen
}

function* recordsOf(chunk: Buffer): Generator<Buffer> {
  let start = 0
  for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, start)) {
    yield chunk.subarray(start, end)
    start = end + 1
  }
  if (start < chunk.length) yield chunk.subarray(start)
}
