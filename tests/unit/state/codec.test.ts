import { describe, expect, test } from 'vitest'
import {
  asciiJson,
  BrokenState,
  decodeState,
  encodeState,
  isNextLamport,
  snapshotOf,
  subjectLine,
} from '../../../src/state/codec.js'
import type { AmpEvent } from '../../../src/state/events.js'
import { emptySnapshot, foldVersion, type Snapshot } from '../../../src/state/fold.js'

const oid = '1'.repeat(40)
const parents = ['a', 'b', 'c'].map((digit) => digit.repeat(40))
const id = '4kz9w2m7qhtc'
const entity = { kind: 'session' as const, id }
const event: AmpEvent = {
  id: '0123456789ab',
  type: 'label.added',
  lamport: 7,
  at: '2027-01-01T00:00:00Z',
  by: 'Ü <u@x>',
  data: { label: 'é 漢 😀 \u2028 \x7f \x1b[31m \ud800 "\\\n' },
}
const snapshot: Snapshot = { ...emptySnapshot(), name: 'é', lamport: 7, events: 1, labels: ['😀'] }
const message = encodeState({ subject: 's', entity, stateParents: 1, events: [event], snapshot })

describe('encode and decode', () => {
  test('a state commit comes back', () => {
    expect(decodeState(oid, { message, parents })).toEqual({
      oid,
      entity,
      stateParents: [parents[0]],
      codeParents: parents.slice(1),
      events: [event],
      snapshot,
    })
    expect(snapshotOf(oid, message)).toEqual(snapshot)
  })

  test('several events, none, and no snapshot', () => {
    const several = encodeState({
      subject: 's',
      entity,
      stateParents: 2,
      events: [event, { ...event, type: 'x' }],
      snapshot: null,
    })
    const state = decodeState(oid, { message: several, parents })
    expect(state.events.map(({ type }) => type)).toEqual(['label.added', 'x'])
    expect(state.snapshot).toBeNull()
    expect(snapshotOf(oid, several)).toBeNull()
    const root = encodeState({ subject: 's', entity, stateParents: 0, events: [], snapshot: null })
    expect(decodeState(oid, { message: root, parents: [] })).toMatchObject({
      events: [],
      stateParents: [],
      codeParents: [],
    })
  })

  test('only printable ASCII below the subject, one value a line', () => {
    const [subject, empty, ...lines] = message.split('\n')
    expect([subject, empty, lines.at(-1)]).toEqual(['s', '', ''])
    expect(lines.slice(0, -1).every((line) => /^Amp-[A-Z][A-Za-z-]+: [\x20-\x7e]+$/.test(line))).toBe(true)
    expect(lines.length).toBe(6)
  })

  test('the subject is one line for people', () => {
    const text = encodeState({
      subject: 'a\n\nAmp-Format: 9\x1b]0;x\x07é',
      entity,
      stateParents: 0,
      events: [],
      snapshot: null,
    })
    expect(text.split('\n')[0]).toBe('a Amp-Format: 9 ]0;x é')
    expect(decodeState(oid, { message: text, parents: [] }).entity).toEqual(entity)
    expect([...subjectLine('😀'.repeat(300))].length).toBe(200)
    expect(subjectLine(' \n ')).toBe('')
  })
})

/** For each type data that would make a reader stumble. */
const malformed: Record<string, object> = {
  'session.created': {},
  'session.renamed': { name: 7 },
  'iteration.started': { iteration: 'a', n: '1', prompt: 'p', from: oid, agent: 'a', host: 'h' },
  'iteration.finished': {
    iteration: 'a',
    from: oid,
    to: '--upload-pack=x',
    exit: 0,
    outcome: 'success',
    toolCalls: 0,
    durationMs: 0,
    commits: [],
  },
  'iteration.failed': { iteration: 'a', from: 'HEAD', reason: 'r' },
  'head.moved': { from: oid, to: [oid], cause: 'manual' },
  'test.recorded': { command: { oid: 'HEAD:x', bytes: 1, head: '' }, tree: oid, exit: 0, durationMs: 1 },
  'session.squashed': { from: oid, to: oid },
  'session.rebased': { from: oid, to: oid, map: [] },
  'session.merged': { into: null, before: oid, after: oid, via: 'ff', result: 'done' },
  'session.closed': {},
  'label.added': { label: {} },
  'label.removed': {},
}

test.each([
  ['é', '"\\u00e9"'],
  ['😀', '"\\ud83d\\ude00"'],
  ['\ud800', '"\\ud800"'],
  ['\u2028\x7f\x9f', '"\\u2028\\u007f\\u009f"'],
  ['\x00\x1b\n', '"\\u0000\\u001b\\n"'],
  [{ 'k é': [1, null, true] }, '{"k \\u00e9":[1,null,true]}'],
])('asciiJson %j', (value, text) => {
  expect(asciiJson(value)).toBe(text)
  expect(JSON.parse(asciiJson(value))).toEqual(value)
})

describe('hostile commits', () => {
  const replaced = (from: RegExp, to: string) => message.replace(from, () => to)
  const withEvent = (text: string) => replaced(/^Amp-Event: .*$/m, `Amp-Event: ${text}`)
  const altered = (more: object) => withEvent(JSON.stringify({ ...event, ...more }))
  const withSnapshot = (text: string) => replaced(/^Amp-Snapshot: .*$/m, `Amp-Snapshot: ${text}`)

  test.each<[string, string, RegExp]>([
    ['nothing', '', /no state commit/],
    ['no trailers', 'Fix a bug\n\nBecause.\n', /no state commit/],
    ['trailers in the subject', 'Amp-Format: 1', /names no session|no state commit/],
    ['a newer format', replaced(/^Amp-Format: 1$/m, 'Amp-Format: 2'), /has format 2, and this git-amp reads format 1/],
    ['a format that is none', replaced(/^Amp-Format: 1$/m, 'Amp-Format: one'), /has format one/],
    ['no format', replaced(/^Amp-Format: 1\n/m, ''), /no state commit/],
    ['no entity', replaced(/^Amp-Entity: .*\n/m, ''), /names no session/],
    ['another entity', replaced(/session 4kz/, 'comment 4kz'), /names no session/],
    ['a path for an id', replaced(/4kz9w2m7qhtc/, '../../../etc'), /names no session/],
    ['a short id', replaced(/4kz9w2m7qhtc/, '4kz9'), /names no session/],
    ['an id in capitals', replaced(/4kz9w2m7qhtc/, '4KZ9W2M7QHTC'), /names no session/],
    ['more state parents than parents', replaced(/Parents: 1/, 'Parents: 4'), /counts its state parents wrongly/],
    ['a negative count', replaced(/Parents: 1/, 'Parents: -1'), /counts its state parents wrongly/],
    ['half a parent', replaced(/Parents: 1/, 'Parents: 0.5'), /counts its state parents wrongly/],
    ['no count', replaced(/^Amp-State-Parents: .*\n/m, ''), /counts its state parents wrongly/],
    ['an empty count', replaced(/Parents: 1/, 'Parents: '), /counts its state parents wrongly/],
    ['malformed JSON', withEvent('{"id":'), /malformed JSON/],
    ['a lone value', withEvent('7'), /malformed JSON/],
    ['null', withEvent('null'), /malformed JSON/],
    ['a list', withEvent('[]'), /malformed event/],
    ['an event with a bad id', altered({ id: '../x' }), /malformed event/],
    ['an event without a type', altered({ type: undefined }), /malformed event/],
    ['an event with a lamport that is none', altered({ lamport: '7' }), /malformed event/],
    ['an event with half a lamport', altered({ lamport: 7.5 }), /malformed event/],
    [
      'an event with a lamport beyond counting',
      withEvent(JSON.stringify(event).replace('7', '1e300')),
      /malformed event/,
    ],
    ['an event with a negative lamport', altered({ lamport: -1 }), /malformed event/],
    ['an event without data', altered({ data: null }), /malformed event/],
    ['an event with a list for data', altered({ data: [] }), /malformed event/],
    ['an event whose data is only inherited', withEvent(`{"__proto__":${JSON.stringify(event)}}`), /malformed event/],
    ['a malformed snapshot', withSnapshot('{'), /malformed JSON/],
    ['a snapshot without fields', withSnapshot('{}'), /malformed snapshot/],
    [
      'a snapshot with a text for heads',
      withSnapshot(JSON.stringify({ ...snapshot, heads: 'x' })),
      /malformed snapshot/,
    ],
    [
      'a snapshot with numbers for heads',
      withSnapshot(JSON.stringify({ ...snapshot, heads: [1] })),
      /malformed snapshot/,
    ],
    [
      'a snapshot with nothing for a status',
      withSnapshot(JSON.stringify({ ...snapshot, status: undefined })),
      /malformed snapshot/,
    ],
    [
      'a snapshot with a text for usage',
      withSnapshot(JSON.stringify({ ...snapshot, usage: 'x' })),
      /malformed snapshot/,
    ],
    [
      'a snapshot with a text for labels',
      withSnapshot(JSON.stringify({ ...snapshot, labels: 'x' })),
      /malformed snapshot/,
    ],
    ...Object.entries(malformed).map(([type, data]): [string, string, RegExp] => [
      `${type} with data of another form`,
      altered({ type, data }),
      /malformed event of type/,
    ]),
    ['a snapshot without a base', withSnapshot(JSON.stringify({ ...snapshot, base: null })), /malformed snapshot/],
    ['1 MB', `${message}${'x'.repeat(1 << 20)}`, /larger than 64 KiB/],
    ['64 KiB of two bytes each', `${message}${'é'.repeat(40_000)}`, /larger than 64 KiB/],
  ])('%s', (_, text, reason) => {
    const attempt = () => decodeState(oid, { message: text, parents })
    expect(attempt).toThrow(BrokenState)
    expect(attempt).toThrow(reason)
  })

  test('a huge count of trailers takes no time', () => {
    const text = `s\n\nAmp-Format: 1\n${'Amp-X: \n'.repeat(7000)}`
    const before = performance.now()
    expect(() => decodeState(oid, { message: text, parents })).toThrow(BrokenState)
    expect(performance.now() - before).toBeLessThan(500)
  })

  test('__proto__ in JSON changes no prototype', () => {
    const text = withEvent(JSON.stringify(event).replace('"data":{', '"data":{"__proto__":{"polluted":1},'))
    const [read] = decodeState(oid, { message: text, parents }).events
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
    expect((read as { data: { polluted?: number } }).data.polluted).toBeUndefined()
    expect(Object.getPrototypeOf({ ...read?.data })).toBe(Object.prototype)
  })

  test('control characters and unknown trailers are carried along or skipped, never obeyed', () => {
    const text = message.replace('\nAmp-Entity', '\nAmp-Unknown: x\nX\x1b[2J\nnot a trailer\nAmp-Entity')
    expect(decodeState(oid, { message: text, parents })).toEqual(decodeState(oid, { message, parents }))
  })
})

test('a snapshot of an older fold is folded again; a newer one is taken', () => {
  const at = (fold: number) =>
    encodeState({ subject: 's', entity, stateParents: 0, events: [], snapshot: { ...snapshot, fold } })
  expect(snapshotOf(oid, at(foldVersion - 1))).toBeNull()
  expect(snapshotOf(oid, at(foldVersion + 1))?.fold).toBe(foldVersion + 1)
})

test.each([
  [8, 7, true],
  [7, 7, false],
  [6, 7, false],
  [7.5, 7, false],
  [1_000_007, 7, true],
  [1_000_008, 7, false],
  [Number.MAX_SAFE_INTEGER + 1, Number.MAX_SAFE_INTEGER, false],
  [Number.NaN, 0, false],
])('lamport %d after %d: %s', (lamport, before, isNext) => {
  expect(isNextLamport(lamport, before)).toBe(isNext)
})
