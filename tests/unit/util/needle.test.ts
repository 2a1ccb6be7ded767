import { describe, expect, test } from 'vitest'
import { Needle } from '../../../src/util/needle.js'
import { textsIn } from '../../../src/util/spoken.js'
import { seeded } from '../../helpers/repository.js'

/** Encoders of JSON differ in what they escape. */
const encoders: ((text: string) => string)[] = [
  (text) => JSON.stringify(text),
  (text) =>
    JSON.stringify(text).replace(
      /[\u007f-\uffff]/g,
      (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
    ),
  (text) =>
    JSON.stringify(text).replace(
      /[<>&'+\u007f-\uffff]/g,
      (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0').toUpperCase()}`,
    ),
  (text) => JSON.stringify(text).replaceAll('/', '\\/'),
]

describe('a needle', () => {
  test('is seen in whatever JSON its text stands, once escaped or three times', () => {
    const random = seeded(7)
    const letters = [...'ab "\\/<>&\'+\n\té\u{1f389}日\u2028-_$.*']
    for (let round = 0; round < 2000; round++) {
      const text = Array.from(
        { length: 1 + Math.floor(random() * 6) },
        () => letters[Math.floor(random() * letters.length)],
      )
      const needle = new Needle({ text: text.join(''), ignoreCase: round % 2 === 0 })
      let json = `before ${text.join('')} after`
      for (let depth = 0; depth < 3; depth++) {
        json = encoders[Math.floor(random() * encoders.length)]?.(json) ?? ''
        expect(needle.mayBeIn(Buffer.from(json)), `${JSON.stringify(text)} in ${json}`).toBe(true)
      }
    }
  })

  test('passes over what cannot hold it', () => {
    const bytes = Buffer.from(JSON.stringify({ d: 'quite another thing' }))
    for (const pattern of [
      { text: 'needle' },
      { text: 'NEEDLE', ignoreCase: true },
      { text: 'x+needle[0-9]', isRegex: true },
      { text: '\u{1f389}' },
    ])
      expect(new Needle(pattern).mayBeIn(bytes)).toBe(false)
    for (const text of ['a|b', '(needle)?x', '"', '\n', 'x?', '[n]', '\\d+'])
      expect(new Needle({ text, isRegex: text !== '"' && text !== '\n' }).mayBeIn(bytes), text).toBe(true)
  })

  test('of a regular expression asks for no more than every match has', () => {
    for (const [text, found] of [
      ['fo+bar', 'foooobar'],
      ['colou?r', 'color'],
      ['ab*c', 'ac'],
      ['x{0,2}yz', 'yz'],
      ['[abc]?def', 'def'],
      ['\\.txt\\b', 'a.txt'],
      ['\\<word\\>', 'a word'],
      ['[[:digit:]]+ms', '12ms'],
      ['a\\|b', 'a|b'],
      ['\\u{1f389}x', '\u{1f389}x'],
      ['^one$', 'zero\none'],
    ] as const) {
      const needle = new Needle({ text, isRegex: true })
      expect(needle.find(found).length, text).toBeGreaterThan(0)
      expect(needle.mayBeIn(Buffer.from(JSON.stringify(JSON.stringify(found)))), text).toBe(true)
    }
    expect(() => new Needle({ text: '(', isRegex: true })).toThrow(/no regular expression/)
  })

  test('finds what it is, and nothing of no length', () => {
    expect(new Needle({ text: 'a.b*' }).find('axb a.b* A.B*')).toEqual([[4, 8]])
    expect(new Needle({ text: 'a.b*', ignoreCase: true }).find('axb a.b* A.B*')).toEqual([
      [4, 8],
      [9, 13],
    ])
    expect(new Needle({ text: 'x*', isRegex: true }).find('axxb')).toEqual([[1, 3]])
  })
})

test('texts of a line are what was said, and not what names things', () => {
  const line = {
    type: 'assistant',
    id: 'msg_1',
    message: { role: 'x', content: [{ type: 'text', text: 'said "so"\n' }] },
  }
  expect(textsIn(Buffer.from(JSON.stringify(line)))).toEqual(['said "so"\n'])
  const call = { name: 'Bash', arguments: JSON.stringify({ command: 'echo "a"', deep: [{ of: '{"x":"y"}' }] }) }
  expect(textsIn(Buffer.from(JSON.stringify(call)))).toEqual(['Bash', 'echo "a"', 'y'])
  expect(textsIn(Buffer.from('{not json'))).toEqual(['{not json'])
})
