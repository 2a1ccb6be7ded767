import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { AgentEvent, CallRequest } from '../../../src/agent/adapter.js'
import { amp } from '../../../src/agent/amp.js'
import { Summary } from '../../../src/agent/summary.js'
import { parseLine, splitLines } from '../../../src/util/ndjson.js'

const streams = join(import.meta.dirname, '../../fixtures/agent-streams')

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function replay(bytes: Buffer) {
  const reader = amp.reader()
  const summary = new Summary()
  const events: AgentEvent[] = []
  for await (const bytesOfLine of splitLines(inPieces(bytes, 333))) {
    const line = parseLine(bytesOfLine)
    events.push(...(line.kind === 'json' ? reader.json(line.value) : reader.text(line.text)))
  }
  for (const event of events) summary.add(event)
  const { thread, usage, toolCalls, text, error, end } = summary
  return { events, summary: { thread, usage, toolCalls, text, error, end: end?.ok ?? null } }
}

const recording = async (name: string) => replay(await readFile(join(streams, `${name}.ndjson`)))
const spoken = (...values: object[]) =>
  replay(Buffer.from(values.map((value) => `${JSON.stringify(value)}\n`).join('')))

describe('recorded streams', () => {
  const tokens = (input: number, output: number) => ({ input, output, cacheRead: 0, cacheWrite: 0 })
  const cases: [name: string, summary: object][] = [
    [
      'amp-multi',
      {
        thread: 'T-ebfce2e4-8a3a-4d1f-ae1b-39f80d15a3da',
        usage: { input: 4800, output: 1360, cacheRead: 32000, cacheWrite: 3600 },
        toolCalls: 3,
        text: 'All three steps are done.',
        error: null,
        end: true,
      },
    ],
    [
      'amp-bash',
      {
        thread: 'T-9cb065fa-8ac9-4873-8489-079a6300b8fb',
        usage: tokens(1974, 34),
        toolCalls: 1,
        text: 'Done: 1 step(s).',
        error: null,
        end: true,
      },
    ],
    [
      'amp-http500',
      {
        thread: 'T-71829020-9c32-44ef-b9ac-a2d9f5398db0',
        usage: null,
        toolCalls: 0,
        text: null,
        error: 'HTTP 500: Mock failure 500',
        end: false,
      },
    ],
    [
      'amp-sigterm',
      {
        thread: 'T-d9b30e3a-8036-4402-bb7b-39507be7f7bc',
        usage: tokens(919, 26),
        toolCalls: 1,
        text: null,
        error: 'User cancelled (SIGINT/SIGTERM)',
        end: false,
      },
    ],
    [
      'amp-noauth',
      {
        thread: null,
        usage: null,
        toolCalls: 0,
        text: null,
        error: "amp wants a login: run 'amp login' once, or set AMP_API_KEY",
        end: false,
      },
    ],
    [
      'amp-js-multi',
      {
        thread: 'T-01a203d3-fbdf-721f-a90a-a0d610a2b2f2',
        usage: { input: 4800, output: 1360, cacheRead: 32000, cacheWrite: 3600 },
        toolCalls: 3,
        text: 'All three steps are done.',
        error: null,
        end: true,
      },
    ],
    [
      'amp-js-denied',
      {
        thread: 'T-01a203d5-b494-7534-81d7-e1ef9ab6b176',
        usage: tokens(2028, 47),
        toolCalls: 2,
        text: null,
        error: 'User cancelled (SIGINT/SIGTERM)',
        end: false,
      },
    ],
    [
      'amp-may-http500',
      {
        thread: 'T-01a203d8-d784-7054-ac9f-dd8cee62ea53',
        usage: null,
        toolCalls: 0,
        text: null,
        error: 'HTTP 500: Mock failure 500',
        end: false,
      },
    ],
  ]

  it.each(cases)('%s', async (name, summary) => {
    expect((await recording(name)).summary).toEqual(summary)
  })

  it('a shell command that fails inside a good tool result has failed', async () => {
    const { events } = await recording('amp-denied')
    const results = events.filter((event) => event.type === 'tool-result')
    expect(results.map((event) => event.failed)).toEqual([false, true])
    expect(results[1]?.output).toMatch(/^fatal: 'origin' does not appear/)
  })

  it('does not repeat the token of the login URL', async () => {
    expect(JSON.stringify((await recording('amp-noauth')).events)).not.toContain('authToken')
  })

  it('cut anywhere, a stream has no good end', async () => {
    const whole = await readFile(join(streams, 'amp-multi.ndjson'))
    for (const length of [1, 500, whole.length - 40, whole.length - 3]) {
      expect((await replay(whole.subarray(0, length))).summary.end).toBeNull()
    }
  })
})

describe('events beyond the recordings', () => {
  const assistant = (content: object[], parent: string | null = null) => ({
    type: 'assistant',
    message: { content, usage: { input_tokens: 10, output_tokens: 1 } },
    parent_tool_use_id: parent,
    session_id: parent === null ? 'T-00000000-1111' : 'T-99999999-2222',
  })

  it('a subagent neither speaks for the agent nor ends it, but its work counts', async () => {
    const { summary } = await spoken(
      assistant([{ type: 'text', text: 'mine' }]),
      assistant(
        [
          { type: 'text', text: 'not mine' },
          { type: 'tool_use', id: 'x', name: 'Read', input: {} },
        ],
        'TU-1',
      ),
      { type: 'result', is_error: true, error: 'sub', parent_tool_use_id: 'TU-1', session_id: 'T-99999999-2222' },
    )
    expect(summary).toEqual({
      thread: 'T-00000000-1111',
      usage: { input: 20, output: 2, cacheRead: 0, cacheWrite: 0 },
      toolCalls: 1,
      text: 'mine',
      error: null,
      end: null,
    })
  })

  it('passes thinking on', async () => {
    const { events } = await spoken(assistant([{ type: 'thinking', thinking: 'hm' }]))
    expect(events).toContainEqual({ type: 'thinking', text: 'hm' })
  })

  it('survives values that have nothing of the schema', async () => {
    const { events } = await spoken(
      {},
      { type: 'assistant' },
      { type: 'assistant', message: { content: [null, 3, { type: 'text' }], usage: 'x' } },
      { type: 'user', message: [] },
      { type: 'new' },
    )
    expect(events).toEqual([])
  })

  it('a result without a word about errors is good only when it says success', async () => {
    expect((await spoken({ type: 'result', subtype: 'success', result: 'x' })).summary.end).toBe(true)
    expect((await spoken({ type: 'result' })).summary).toMatchObject({ end: false, error: 'unknown error' })
  })
})

describe('call', () => {
  const request: CallRequest = {
    prompt: 'do it',
    thread: null,
    model: null,
    worktree: '/w',
    approve: true,
    help: '',
  }
  const thread = 'T-ebfce2e4-8a3a-4d1f-ae1b-39f80d15a3da'
  const nativeHelp = 'amp.dangerouslyAllowAll ... --no-archive-after-execute ...'
  const argv = (changes: Partial<CallRequest>) => amp.call({ ...request, ...changes }).argv.join(' ')

  it('hands the prompt over stdin', () => {
    expect(amp.call(request)).toEqual({
      argv: ['amp', '-x', '--stream-json', '--dangerously-allow-all'],
      stdin: 'do it',
    })
  })

  it('uses what the help names', () => {
    expect(argv({ help: nativeHelp })).toBe('amp -x --stream-json --dangerously-allow-all --no-archive-after-execute')
    expect(argv({ help: 'nothing of it' })).toBe('amp -x --stream-json')
    expect(argv({ approve: false })).toBe('amp -x --stream-json')
  })

  it('continues a thread, when it is one', () => {
    expect(argv({ thread })).toBe(`amp threads continue ${thread} -x --stream-json --dangerously-allow-all`)
    for (const bad of ['--help', 'T-', 'T-12345678; rm', `${thread}\n--x`]) {
      expect(argv({ thread: bad })).toBe('amp -x --stream-json --dangerously-allow-all')
    }
  })

  it('takes the model as the mode, in one argument', () => {
    expect(amp.call({ ...request, model: '-x y' }).argv).toContain('--mode=-x y')
  })
})
