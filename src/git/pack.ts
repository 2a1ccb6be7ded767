import { createHash } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import type { Oid } from './run.js'

/** Objects as a pack stream, so that one git process takes up any number of them. Pure; see gitformat-pack(5). */

export type ObjectType = 'commit' | 'tree' | 'blob'
export type Hash = 'sha1' | 'sha256'

/** An object that is not written yet. */
export interface NewObject {
  type: ObjectType
  content: Buffer
}

const typeNumbers: Record<ObjectType, number> = { commit: 1, tree: 2, blob: 3 }

/** The id git gives an object: the hash of `<type> <length> NUL <content>`. */
export const objectId = ({ type, content }: NewObject, hash: Hash): Oid =>
  createHash(hash).update(`${type} ${content.length}\0`).update(content).digest('hex')

/** A pack of whole objects, without deltas. */
export function packOf(objects: readonly NewObject[], hash: Hash): Buffer {
  const header = Buffer.alloc(12)
  header.write('PACK', 0, 'latin1')
  header.writeUInt32BE(2, 4)
  header.writeUInt32BE(objects.length, 8)
  const entries = objects.flatMap(({ type, content }) => [
    entryHeader(typeNumbers[type], content.length),
    // git compresses them anew: here it is only about the pipe.
    deflateSync(content, { level: 1 }),
  ])
  const body = Buffer.concat([header, ...entries])
  return Buffer.concat([body, createHash(hash).update(body).digest()])
}

/** Type and size: 4 bits of the size in the first byte, 7 in each following one, the lowest first. */
function entryHeader(type: number, size: number): Buffer {
  const bytes: number[] = []
  let byte = (type << 4) | (size & 0x0f)
  for (let rest = Math.floor(size / 16); rest > 0; rest = Math.floor(rest / 128)) {
    bytes.push(byte | 0x80)
    byte = rest % 128
  }
  return Buffer.from([...bytes, byte])
}
