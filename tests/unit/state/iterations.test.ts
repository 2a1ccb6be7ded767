import { expect, test } from 'vitest'
import type { AmpEvent, EventData, EventType } from '../../../src/state/events.js'
import { iterationsOf, noteLine, storyOf, testWord } from '../../../src/state/iterations.js'

const oid = (digit: string) => digit.repeat(40)
const event = <T extends EventType>(lamport: number, type: T, data: EventData[T]): AmpEvent => ({
  id: String(lamport).padStart(12, '0'),
  type,
  lamport,
  at: `2027-01-01T00:00:0${lamport}Z`,
  by: 'A <a@b>',
  data: data as Record<string, unknown>,
})

const started = event(1, 'iteration.started', {
  iteration: 'a',
  n: 1,
  prompt: 'Do\nit',
  from: oid('1'),
  agent: 'claude',
  model: 'm',
  host: 'h',
})
const finished = event(2, 'iteration.finished', {
  iteration: 'a',
  from: oid('1'),
  to: oid('2'),
  exit: 0,
  outcome: 'success',
  files: 1,
  insertions: 2,
  deletions: 3,
  toolCalls: 4,
  durationMs: 5,
  commits: [oid('3')],
  summary: 'done',
  usage: { input: 1, output: 2, cacheRead: 3, cacheWrite: 4 },
  models: [{ model: 'm-1', input: 1, output: 2, cacheRead: 3, cacheWrite: 4 }],
  costUsd: 0.25,
  costSource: 'agent',
  hooks: [{ name: 'post-commit', exit: 1, output: 'no' }],
})
const tested = event(3, 'test.recorded', {
  iteration: 'a',
  command: 'npm test',
  tree: oid('4'),
  exit: 1,
  durationMs: 6,
  output: 'out',
})
const second = event(4, 'iteration.started', {
  iteration: 'b',
  n: 2,
  prompt: 'More',
  from: oid('2'),
  agent: 'shell',
  host: 'h',
})
const failed = event(5, 'iteration.failed', { iteration: 'b', from: oid('2'), reason: 'interrupted', signal: 'SIGINT' })
const lone = event(6, 'test.recorded', { command: 'c', tree: oid('4'), exit: 0, durationMs: 6 })
const future = { ...event(7, 'session.reopened', {}), type: 'of.the.future' }

test('iterations appear once, where they started, with everything that belongs to them', () => {
  const story = storyOf([future, lone, failed, second, tested, finished, started, started])
  expect(story.map((item) => (item.kind === 'iteration' ? item.iteration.id : item.event.type))).toEqual([
    'a',
    'b',
    'test.recorded',
    'of.the.future',
  ])
  const [a, b] = iterationsOf([lone, failed, second, tested, finished, started])
  expect(a).toEqual({
    id: 'a',
    n: 1,
    agent: 'claude',
    model: 'm',
    host: 'h',
    prompt: 'Do\nit',
    startedAt: '2027-01-01T00:00:01Z',
    endedAt: '2027-01-01T00:00:02Z',
    outcome: 'success',
    from: oid('1'),
    to: oid('2'),
    exit: 0,
    reason: null,
    files: 1,
    insertions: 2,
    deletions: 3,
    durationMs: 5,
    toolCalls: 4,
    usage: { input: 1, output: 2, cacheRead: 3, cacheWrite: 4 },
    models: [{ model: 'm-1', input: 1, output: 2, cacheRead: 3, cacheWrite: 4 }],
    costUsd: 0.25,
    costSource: 'agent',
    transcript: null,
    waiting: null,
    summary: 'done',
    commits: [oid('3')],
    tests: {
      command: 'npm test',
      tree: oid('4'),
      exit: 1,
      signal: null,
      durationMs: 6,
      output: 'out',
      at: '2027-01-01T00:00:03Z',
    },
    remarks: { hooks: [{ name: 'post-commit', exit: 1, output: 'no' }] },
  })
  expect(b).toMatchObject({
    outcome: 'interrupted',
    reason: 'interrupted',
    to: null,
    exit: null,
    tests: null,
    remarks: {},
  })
})

test('one that has not ended is open; an end without a start is nothing', () => {
  expect(iterationsOf([started])[0]).toMatchObject({ outcome: 'open', endedAt: null, to: null })
  expect(iterationsOf([finished, tested])).toEqual([])
})

test('models of somebody else are taken only when they are whole', () => {
  const whole = { model: 'm', input: 1, output: 2, cacheRead: 3, cacheWrite: 4 }
  const models = [null, 'm', { model: 'm' }, { ...whole, input: '1' }, { ...whole, costUsd: 'much' }, whole]
  const end = { ...finished, data: { ...finished.data, models } }
  expect(iterationsOf([started, end])[0]?.models).toEqual([whole])
})

test('of two ends of one iteration the one that knows what was used counts', () => {
  const lost = event(3, 'iteration.failed', { iteration: 'a', from: oid('1'), reason: 'interrupted' })
  const [iteration] = iterationsOf([started, finished, lost])
  expect(iteration).toMatchObject({ outcome: 'interrupted', costUsd: 0.25, usage: { input: 1 } })
})

test('the line of a note is one line', () => {
  const [iteration] = iterationsOf([started, finished, tested])
  if (iteration === undefined) throw new Error('missing')
  const session = { id: '4kz9w2m7qhtc', slug: 'fix' }
  expect(noteLine(session, iteration)).toBe('Session 4kz9w2m7qhtc (fix), iteration 1 by claude, tests fail: Do')
  expect(
    noteLine(session, { ...iteration, tests: null, prompt: { oid: oid('1'), bytes: 9, head: '\n\n Head \nrest' } }),
  ).toBe('Session 4kz9w2m7qhtc (fix), iteration 1 by claude: Head')
  const odd = noteLine(session, { ...iteration, tests: null, prompt: `a\r\x1b[31mb\u2028${'😀'.repeat(200)}` })
  // biome-ignore lint/suspicious/noControlCharactersInRegex: none may be left
  expect(odd).not.toMatch(/[\x00-\x1f\x7f-\x9f]/)
  expect([...odd].length).toBeLessThan(200)
})

test('the word for tests', () => {
  expect([
    testWord(null),
    testWord(undefined),
    testWord({ exit: 0 }),
    testWord({ exit: 2 }),
    testWord({ exit: null }),
  ]).toEqual([null, null, 'tests pass', 'tests fail', 'tests fail'])
})
