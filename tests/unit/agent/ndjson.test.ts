import { describe, expect, it } from 'vitest'
import { parseLine, splitLines } from '../../../src/util/ndjson.js'

async function split(pieces: (string | Uint8Array)[], max?: number): Promise<Buffer[]> {
  async function* source() {
    for (const piece of pieces) yield Buffer.from(piece as string)
  }
  const lines: Buffer[] = []
  for await (const line of splitLines(source(), max)) lines.push(line)
  return lines
}

const texts = async (...pieces: string[]) => (await split(pieces)).map(String)

describe('splitLines', () => {
  it('splits at the byte 0x0A only', async () => {
    expect(await texts('a\u2028b\u2029c\u0085d\re\n', 'f\r\n')).toEqual(['a\u2028b\u2029c\u0085d\re', 'f\r'])
  })

  it('joins what chunks cut, in the middle of a character too', async () => {
    const bytes = Buffer.from('{"a":"é😀"}\nlast')
    for (let cut = 0; cut <= bytes.length; cut++) {
      const lines = await split([bytes.subarray(0, cut), bytes.subarray(cut)])
      expect(lines.map(String)).toEqual(['{"a":"é😀"}', 'last'])
    }
  })

  it('keeps empty lines, and gives a cut last line', async () => {
    expect(await texts('\n\na\n\nb')).toEqual(['', '', 'a', '', 'b'])
    expect(await texts('a\n')).toEqual(['a'])
    expect(await texts()).toEqual([])
  })

  it('takes a line of 10 MB in 64 KiB chunks', async () => {
    const chunk = Buffer.alloc(64 * 1024, 'x')
    const lines = await split(['{"a":"', ...Array(160).fill(chunk), '"}\nnext\n'])
    expect(lines.map((line) => line.length)).toEqual([160 * 64 * 1024 + 8, 4])
    expect(parseLine(lines[0]!).kind).toBe('json')
  })

  it('gives an endless line in pieces', async () => {
    expect((await split(['aaaa', 'bbbb', 'cc\nd'], 6)).map(String)).toEqual(['aaaabbbb', 'cc', 'd'])
  })
})

describe('parseLine', () => {
  const line = (text: string | number[]) => parseLine(Buffer.from(text as string))

  it('reads objects, with CR and BOM', () => {
    expect(line('\ufeff {"a":1}\r')).toMatchObject({ kind: 'json', value: { a: 1 } })
  })

  it('calls everything else text', () => {
    for (const text of ['', '12', '"x"', 'null', '[1]', '{"a":', '{ not json }', 'Error: x']) {
      expect(line(text)).toEqual({ kind: 'text', text })
    }
  })

  it('replaces bytes that are not UTF-8, and goes on', () => {
    expect(line([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0xc3, 0x22, 0x7d])).toMatchObject({
      kind: 'json',
      value: { a: '\ufffd\ufffd' },
    })
  })
})
