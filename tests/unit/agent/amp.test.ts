import { describe, expect, it } from 'vitest'
import type { CallRequest } from '../../../src/agent/adapter.js'
import { amp } from '../../../src/agent/amp.js'
import { spoken as spokenBy } from './replay.js'

const spoken = (...values: unknown[]) => spokenBy(amp, ...values)

describe('events beyond the recordings', () => {
  const assistant = (content: object[], parent: string | null = null) => ({
    type: 'assistant',
    message: { content, usage: { input_tokens: 10, output_tokens: 1 } },
    parent_tool_use_id: parent,
    session_id: parent === null ? 'T-00000000-1111' : 'T-99999999-2222',
  })

  it('a subagent neither speaks for the agent nor ends it, but its work counts', async () => {
    const { run } = await spoken(
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
    expect(run).toMatchObject({
      thread: 'T-00000000-1111',
      usage: { input: 20, output: 2, cacheRead: 0, cacheWrite: 0 },
      toolCalls: 1,
      text: 'mine',
      reason: 'no end event',
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
    expect((await spoken({ type: 'result', subtype: 'success', result: 'x' })).run.ok).toBe(true)
    expect((await spoken({ type: 'result' })).run.reason).toBe('unknown error')
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

  it('takes the model as the mode, in one argument, when it is a name', () => {
    expect(argv({ model: 'deep' })).toContain(' --mode=deep')
    expect(argv({ model: '--help' })).not.toContain('help')
  })
})
