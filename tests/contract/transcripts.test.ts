import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { transcriptRef } from '../../src/state/names.js'
import { RefLocked } from '../../src/state/storage.js'
import { decodePiece, encodeLine, joinPieces, type TapeLine } from '../../src/state/tape.js'
import {
  addTranscript,
  chunkBytes,
  findTranscript,
  readTranscript,
  transcriptTrees,
  writeChunks,
} from '../../src/state/transcripts.js'
import { splitLines } from '../../src/util/ndjson.js'
import { fixedWriter, seeded } from '../helpers/repository.js'
import { type Background, backgrounds, expectSound } from './backgrounds.js'

const session = '4kz9w2m7qhtc'
const line = (text: string | Buffer, ms = 0, stream: TapeLine['stream'] = 'out'): TapeLine => ({
  ms,
  stream,
  data: Buffer.from(text as string),
  more: false,
})

async function* each<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

/** Comparing bytes one by one takes vitest half a minute. */
const brief = ({ data, ...rest }: TapeLine) => ({ ...rest, data: createHash('sha1').update(data).digest('hex') })

const next = seeded(3)
const noise = (length: number): Buffer => Buffer.from(Array.from({ length }, () => Math.floor(next() * 256)))

describe.each(backgrounds)('transcripts: $name', ({ open }) => {
  let at: Background
  beforeEach(async () => {
    at = await open()
  })
  afterEach(() => at.close())

  const add = async (iteration: string, lines: TapeLine[]) => {
    const transcript = await writeChunks(at.stores, each(lines))
    const what = { session, iteration, subject: 'amp(x): transcript', transcript }
    for (;;) {
      try {
        return await addTranscript(at.stores, fixedWriter(), what)
      } catch (error) {
        if (!(error instanceof RefLocked)) throw error
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
  }

  test('whatever was printed comes back, in chunks of at most 1 MiB', async () => {
    const lines = [
      line('{"session":"x"}', 0, 'head'),
      line('do it\nand more', 0, 'prompt'),
      line('', 1),
      line('text \u2028 😀 \0 \x1b[31m "quoted" \\', 2),
      line(noise(3000), 3, 'err'),
      line(`{"text":"${'é😀'.repeat(200_000)}"}`, 4),
      line(noise(200_000), 5),
      ...Array.from({ length: 3000 }, (_, n) => line(`line ${n} ${'x'.repeat(900)}`, 6 + n)),
    ]
    const stored = await add('00000000000a', lines)
    at.pack()
    expect((await all(readTranscript(at.stores.objects, stored.oid))).map(brief)).toEqual(lines.map(brief))
    const entries = (await at.stores.objects.readTree(stored.oid)) ?? []
    expect(entries.map(({ name }) => name)).toEqual(entries.map((_, n) => `${String(n + 1).padStart(6, '0')}.ndjson`))
    const sizes = await Promise.all(
      entries.map(async ({ oid }) => (await at.stores.objects.readBlob(oid))?.length ?? 0),
    )
    expect(Math.max(...sizes)).toBeLessThanOrEqual(chunkBytes)
    expect(entries.length).toBeGreaterThan(3)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(stored.bytes)
    for (const { oid } of entries) {
      const chunk = Buffer.from((await at.stores.objects.readBlob(oid)) ?? '').toString('utf8')
      expect(chunk.endsWith('\n')).toBe(true)
      for (const record of chunk.trimEnd().split('\n')) expect(JSON.parse(record)).toHaveProperty('s')
    }
    if (at.hash === 'sha1')
      expect((await add('00000000000b', [line('x', 1)])).oid).toBe('4bdc8875f56502889b06670bc2e0bbc8b0a97608')
    await expectSound(at)
  })

  test('one commit an iteration, each on the one before; the first of an iteration stays', async () => {
    const a = await add('00000000000a', [line('a')])
    const first = await at.stores.refs.read(transcriptRef(session))
    const b = await add('00000000000b', [line('b')])
    const tip = await at.stores.refs.read(transcriptRef(session))
    expect((await at.stores.objects.readCommit(tip ?? ''))?.parents).toEqual([first])
    expect(await add('00000000000a', [line('other')])).toEqual(a)
    expect(await at.stores.refs.read(transcriptRef(session))).toBe(tip)
    expect([...(await transcriptTrees(at.stores, session))]).toEqual([
      ['00000000000a', a.oid],
      ['00000000000b', b.oid],
    ])
    expect(await findTranscript(at.stores, { session, iteration: '00000000000b' })).toEqual(b)
    expect(await findTranscript(at.stores, { session, iteration: '00000000000c' })).toBeNull()
    expect(await findTranscript(at.stores, { session: 'another00000', iteration: '00000000000a' })).toBeNull()
    await expectSound(at)
  })

  test('iterations that end at once are all kept', async () => {
    const ids = Array.from({ length: 6 }, (_, n) => `00000000000${n}`)
    await Promise.all(ids.map((id) => add(id, [line(id)])))
    expect([...(await transcriptTrees(at.stores, session)).keys()].sort()).toEqual(ids)
    await expectSound(at)
  })

  test('a transcript of nothing, and one that is missing', async () => {
    const stored = await add('00000000000a', [])
    expect(stored.bytes).toBe(0)
    expect(await all(readTranscript(at.stores.objects, stored.oid))).toEqual([])
    await expect(all(readTranscript(at.stores.objects, '1'.repeat(stored.oid.length)))).rejects.toThrow('is missing')
  })
})

describe('records', () => {
  const lines = [line('a"\\\n', 1), line('é😀'.repeat(40_000), 2, 'err'), line(noise(70_000), 3), line('end', 4)]
  const records = Buffer.from(lines.flatMap(encodeLine).join(''))
  const read = (bytes: Buffer, max?: number) =>
    all(joinPieces(splitLines(each([bytes])), max === undefined ? max : { json: max, text: max }))

  test('are pieces of a line, none of them long', async () => {
    expect(lines.flatMap(encodeLine).every((record) => record.length < 400_000)).toBe(true)
    expect(lines.flatMap(encodeLine).length).toBeGreaterThan(6)
    expect((await read(records)).map(brief)).toEqual(lines.map(brief))
  })

  test('cut at any byte, hold all that came before', async () => {
    const whole = lines.map(({ data }) => data)
    for (let end = 0; end < records.length; end += end < 200 || records.length - end < 100 ? 1 : 4999) {
      const found = (await read(records.subarray(0, end))).map(({ data }) => data)
      found.forEach((data, n) => {
        const wanted = whole[n] ?? Buffer.alloc(0)
        const isLast = n === found.length - 1
        expect((isLast ? wanted.subarray(0, data.length) : wanted).equals(data)).toBe(true)
      })
    }
  })

  test('of two streams that are mixed come back as lines; noise is left out', async () => {
    const out = encodeLine(line('o'.repeat(200_000), 1))
    const err = encodeLine(line('e'.repeat(150_000), 2, 'err'))
    const mixed = [
      out[0],
      '{"t":1,"s"',
      '\n',
      'noise\n',
      '{"t":1,"s":"later","d":""}\n',
      err[0],
      err[1],
      ...out.slice(1),
      ...err.slice(2),
    ]
    const found = await read(Buffer.from(mixed.join('')))
    expect(found.map(({ stream, data }) => [stream, data.length])).toEqual([
      ['out', 200_000],
      ['err', 150_000],
    ])
    expect(decodePiece(Buffer.from('null'))).toBeNull()
  })

  test('of a line without an end come in pieces that are cut between words', async () => {
    const words = 'word '.repeat(60_000)
    const pieces = await read(Buffer.from(encodeLine(line(words)).join('')), 100_000)
    expect(pieces.length).toBeGreaterThan(1)
    expect(pieces.every(({ data, more }) => !more || data.toString().endsWith(' '))).toBe(true)
    expect(Buffer.concat(pieces.map(({ data }) => data)).toString()).toBe(words)
  })
})
