import { describe, expect, it } from 'vitest'
import type { AgentAdapter, AgentEvent, CallRequest } from '../../../src/agent/adapter.js'
import { customAgent } from '../../../src/agent/custom.js'
import { AnyReader, dialectOf } from '../../../src/agent/dialects.js'
import { asksForLogin, faultEvents, stderrFaults } from '../../../src/agent/faults.js'
import { agentNames, findAdapter } from '../../../src/agent/registry.js'
import { recorded, replay, spoken } from './replay.js'

const adapter = (name: string): AgentAdapter => {
  const found = findAdapter(name)
  if (found === null) throw new Error(name)
  return found
}
const any: AgentAdapter = {
  ...adapter('shell'),
  name: 'any',
  reader: () => new AnyReader({ name: 'any', isCustom: true }),
}
const id = '01a203bb-4758-7352-b238-704f3d2337ae'

describe('calls', () => {
  const request: CallRequest = { prompt: 'do it', thread: null, model: null, worktree: '/w', approve: true, help: '' }
  const argv = (name: string, changes: Partial<CallRequest> = {}) =>
    adapter(name)
      .call({ ...request, ...changes })
      .argv.join(' ')
  const opencodeHelp = '  -m, --model   model\n      --thinking  show\n      --auto   auto-approve\n'

  it.each([
    ['claude', {}, 'claude -p --output-format=stream-json --verbose --dangerously-skip-permissions'],
    [
      'claude',
      { approve: false, model: 'opus[1m]' },
      'claude -p --output-format=stream-json --verbose --model=opus[1m]',
    ],
    ['claude', { approve: false, thread: id }, `claude -p --output-format=stream-json --verbose --resume=${id}`],
    ['codex', {}, 'codex exec --json --sandbox=workspace-write -'],
    ['codex', { approve: false, model: 'gpt-5.5' }, 'codex exec --json --model=gpt-5.5 -'],
    ['codex', { thread: id }, `codex exec --json --sandbox=workspace-write resume ${id} -`],
    ['gemini', {}, 'gemini --output-format=stream-json --yolo'],
    [
      'gemini',
      { approve: false, thread: id, model: 'x' },
      `gemini --output-format=stream-json --model=x --resume=${id}`,
    ],
    ['opencode', {}, 'opencode run --format=json'],
    ['opencode', { help: opencodeHelp }, 'opencode run --format=json --thinking --auto'],
    ['opencode', { help: opencodeHelp, approve: false }, 'opencode run --format=json --thinking'],
    [
      'opencode',
      { help: '  --dangerously-skip-permissions  x' },
      'opencode run --format=json --dangerously-skip-permissions',
    ],
    [
      'opencode',
      { thread: 'ses_dfc2df1f0ffeBjGiAFNBmTLH1Q', model: 'a/b' },
      'opencode run --format=json --model=a/b --session=ses_dfc2df1f0ffeBjGiAFNBmTLH1Q',
    ],
  ])('%s %j', (name, changes, expected) => {
    expect(argv(name, changes)).toBe(expected)
    expect(adapter(name).call({ ...request, ...changes }).stdin).toBe('do it')
  })

  it('take nothing that could be an option, or another word, for a thread or a model', () => {
    for (const name of agentNames().filter((one) => one !== 'shell')) {
      for (const bad of ['--help', '-x', '', `${id} --x`, `${id}\n`, '../x', 'ses_', 'ses_x;rm -rf'])
        expect(argv(name, { thread: bad }), `${name} ${bad}`).toBe(argv(name))
      for (const bad of ['--help', '-x', '', 'a\nb', '$(x)']) expect(argv(name, { model: bad })).toBe(argv(name))
    }
  })
})

describe('dialects', () => {
  it.each([
    ['amp-write', 'amp'],
    ['amp-js-write', 'amp'],
    ['amp-may-write', 'amp'],
    ['claude-write', 'claude'],
    ['claude-badresume', 'claude'],
    ['codex-write', 'codex'],
    ['gemini-write', 'gemini'],
    ['gemini-http400', 'gemini'],
    ['opencode-write', 'opencode'],
    ['opencode-http400', 'opencode'],
  ])('%s is in that of %s, whichever event comes first', (name, agent) => {
    const lines = recorded(name).bytes.toString().trim().split('\n')
    expect(lines.map((line) => dialectOf(JSON.parse(line))?.name)).toEqual(lines.map(() => agent))
  })

  it('nobody speaks like this', () => {
    for (const value of [{}, [], null, 3, { type: 3 }, { type: 'result' }, { type: 'assistant' }, { type: 'message' }])
      expect(dialectOf(value)).toBeNull()
  })

  it('what is in none is text, and the exit code tells', async () => {
    const { run } = await spoken(any, 'hello', { progress: 1 }, 'done')
    expect(run).toMatchObject({ ok: true, text: 'done', thread: null, usage: null })
    expect((await replay(any, Buffer.from('oh no\n'), { exitCode: 3 })).run).toMatchObject({
      ok: false,
      reason: 'exit code 3',
    })
  })

  it('an agent that announces its end has to come to it', async () => {
    const start = { type: 'thread.started', thread_id: id }
    expect((await spoken(any, 'starting', start)).run.reason).toBe('no end event')
    expect((await spoken(any, start, { type: 'turn.completed' })).run).toMatchObject({ ok: true, thread: id })
  })
})

describe('beyond the recordings', () => {
  const result = { type: 'result', subtype: 'success', is_error: false, result: 'fine', session_id: id }

  it('Claude: a limit is no success, whatever the error flag says', async () => {
    expect((await spoken(adapter('claude'), { ...result, subtype: 'error_max_turns' })).run.reason).toBe('fine')
    expect((await spoken(adapter('claude'), { type: 'result', subtype: 'error_max_turns' })).run.reason).toBe(
      'error max turns',
    )
    expect((await spoken(adapter('claude'), result)).run).toMatchObject({ ok: true, thread: id, text: 'fine' })
  })

  it('Claude: a subagent neither speaks for the agent nor ends it', async () => {
    const message = (text: string) => ({
      content: [
        { type: 'text', text },
        { type: 'tool_use', id: text, name: 'Read' },
      ],
    })
    const { run } = await spoken(
      adapter('claude'),
      { type: 'assistant', message: message('mine'), parent_tool_use_id: null },
      { type: 'assistant', message: message('not mine'), parent_tool_use_id: 'x' },
      { ...result, parent_tool_use_id: 'x' },
    )
    expect(run).toMatchObject({ reason: 'no end event', text: 'mine', toolCalls: 2 })
  })

  it('Claude: an expired login, in words or as a status', async () => {
    const failed = (text: string, more = {}) =>
      spoken(adapter('claude'), { ...result, is_error: true, result: text, ...more })
    expect((await failed('OAuth token has expired. Please run /login')).run.waiting).toBe('login')
    expect((await failed('API Error: 401 {"error":{"message":"nope"}}')).run.waiting).toBe('login')
    expect((await failed('something', { api_error_status: 529 })).run).toMatchObject({
      isTransient: true,
      waiting: null,
    })
    expect((await spoken(adapter('claude'), 'Invalid API key · Please run /login')).run.waiting).toBe('login')
  })

  it('Claude: what it was refused to its end is no success, what it found a way around is', async () => {
    const refused = {
      type: 'user',
      message: {
        content: [
          {
            type: 'tool_result',
            tool_use_id: 'w',
            is_error: true,
            content: "Claude requested permissions to write to /x, but you haven't granted it yet.",
          },
        ],
      },
    }
    const uses = { type: 'assistant', message: { content: [{ type: 'tool_use', id: 'w', name: 'Write' }] } }
    const works = { type: 'user', message: { content: [{ type: 'tool_result', tool_use_id: 'v', content: 'ok' }] } }
    const words = { type: 'assistant', message: { content: [{ type: 'text', text: 'I could not.' }] } }
    const run = async (...values: unknown[]) => (await spoken(adapter('claude'), ...values)).run
    const reason =
      'claude may not use Write without an approval: allow it with "git config amp.agent.claude.approve true"'
    expect(await run(uses, refused, words, result)).toMatchObject({ ok: false, reason, waiting: 'approval' })
    expect(await run(words, { ...result, permission_denials: [{ tool_name: 'Write' }] })).toMatchObject({ reason })
    expect(await run(uses, refused, works, words, result)).toMatchObject({ ok: true, waiting: null })
    expect(await run(uses, refused, { ...result, permission_denials: [] })).toMatchObject({ ok: true })
  })

  it('Codex: says once who must log in, and nothing of each retry', async () => {
    const error = (message: string) => ({ type: 'error', message })
    const unauthorized = 'unexpected status 401 Unauthorized: Missing bearer or basic authentication in header'
    const { events, run } = await spoken(
      adapter('codex'),
      error(`Reconnecting... 1/1 (${unauthorized})`),
      error(unauthorized),
      error(`${unauthorized}, url: x`),
      { type: 'turn.failed', error: { message: unauthorized } },
    )
    const login = { type: 'waiting', for: 'login', message: "codex wants a login: run 'codex login' once" }
    expect(events).toEqual([login, { type: 'end', ok: false, text: null }])
    expect(run.waiting).toBe('login')
    const said = { type: 'item.completed', item: { id: 'a', type: 'agent_message', text: 'On.' } }
    const again = await spoken(adapter('codex'), error(unauthorized), said, error(unauthorized))
    expect(again.run.waiting).toBe('login')
    expect((await spoken(adapter('codex'), error('Reconnecting... 2/5'))).run).toMatchObject({ isTransient: true })
  })

  it('Codex: a refused patch is no success, unless another one was not refused', async () => {
    const stderrTail = 'ERROR error=patch rejected: writing is blocked by read-only sandbox; rejected by user\n'
    const edit = { type: 'item.completed', item: { id: 'a', type: 'file_change', status: 'completed', changes: [] } }
    const run = async (...values: unknown[]) =>
      (await replay(adapter('codex'), Buffer.from(values.map((one) => JSON.stringify(one)).join('\n')), { stderrTail }))
        .run
    expect(await run({ type: 'turn.completed' })).toMatchObject({ ok: false, waiting: 'approval' })
    expect(await run(edit, { type: 'turn.completed' })).toMatchObject({ ok: true, waiting: null })
  })

  it('Claude: a run that failed has used something all the same', async () => {
    const used = { usage: { input_tokens: 3, output_tokens: 4 }, total_cost_usd: 0.5 }
    const failed = { ...result, ...used, is_error: true, session_id: 'my-thread' }
    expect((await spoken(adapter('claude'), failed)).run).toMatchObject({
      ok: false,
      thread: null,
      usage: { input: 3, output: 4 },
      costUsd: 0.5,
    })
    const bot = (resume: [string, string] | null) => customAgent('bot', ['bot'], { command: ['bot'], resume, env: {} })
    const resumable = bot(['bot', '{thread}'])
    expect((await spoken(resumable, failed)).run).toMatchObject({ thread: 'my-thread', costUsd: 0.5 })
    expect((await spoken(bot(null), failed)).run).toMatchObject({ thread: null, costUsd: 0.5 })
    for (const bad of ['-x', '../x', 'a b', '', 'x'.repeat(129), 'a\n', 3])
      expect((await spoken(resumable, { ...result, session_id: bad })).run.thread).toBeNull()
    const request = { prompt: 'p', model: null, worktree: '/w', approve: true, help: '' }
    expect(resumable.call({ ...request, thread: '_1:2.3-x' }).argv).toEqual(['bot', '_1:2.3-x'])
  })

  it('absurd numbers count nothing', async () => {
    for (const bad of [1e308, 1e13, -5, 0.5, '7', null]) {
      const odd = {
        ...result,
        usage: { input_tokens: 3, output_tokens: bad },
        modelUsage: { m: { inputTokens: 3, outputTokens: bad, costUSD: bad === 0.5 ? null : bad } },
        total_cost_usd: bad === 0.5 ? -1 : bad,
      }
      const { run } = await spoken(adapter('claude'), odd)
      const usage = { input: 3, output: 0, cacheRead: 0, cacheWrite: 0 }
      expect(run).toMatchObject({ ok: true, usage, models: [{ model: 'm', ...usage }], costUsd: null })
      const step = { type: 'step_finish', sessionID: 'ses_12345678', part: { tokens: { input: 1, output: bad } } }
      expect((await spoken(adapter('opencode'), step)).run.usage).toMatchObject({ input: 1, output: 0 })
    }
  })

  it('Amp: a key that is not valid is a login to wait for, in the stream and beside it', async () => {
    const words = 'Unauthorized Check your access token.'
    const init = { type: 'system', subtype: 'init', session_id: 'T-9cb065fa-8ac9-4873-8489-079a6300b8fb' }
    const failed = { type: 'result', subtype: 'error_during_execution', is_error: true, error: words }
    const login = { ok: false, waiting: 'login', reason: "amp wants a login: run 'amp login' once, or set AMP_API_KEY" }
    expect((await spoken(adapter('amp'), init, failed)).run).toMatchObject(login)
    const ends = { exitCode: 1, stderrTail: `Error: ${words}\n` }
    expect((await replay(adapter('amp'), Buffer.from(''), ends)).run).toMatchObject(login)
    expect((await replay(adapter('amp'), Buffer.from(JSON.stringify(init)), ends)).run).toMatchObject(login)
  })

  it('Amp: a thread whose folder is gone is lost, unless it had already begun', async () => {
    const init = { type: 'system', subtype: 'init', session_id: 'T-9cb065fa-8ac9-4873-8489-079a6300b8fb' }
    const words = 'File not found: file:///gone/worktree'
    const failed = { type: 'result', subtype: 'error_during_execution', is_error: true, error: words }
    const text = { type: 'assistant', message: { content: [{ type: 'text', text: 'Looking.' }] } }
    const lost = { ok: false, reason: words, isThreadLost: true }
    expect((await spoken(adapter('amp'), init, failed)).run).toMatchObject(lost)
    expect((await spoken(adapter('amp'), init, text, failed)).run).toMatchObject({ ...lost, isThreadLost: false })
    const ends = { exitCode: 1, stderrTail: `Error: ${words}\n` }
    expect((await replay(adapter('amp'), Buffer.from(''), ends)).run).toMatchObject(lost)
    expect((await replay(adapter('codex'), Buffer.from(''), ends)).run.isThreadLost).toBe(false)
  })

  it('Codex: a retry that helped is forgotten', async () => {
    const { run } = await spoken(
      adapter('codex'),
      { type: 'error', message: 'Reconnecting... 1/5' },
      {
        type: 'item.completed',
        item: { id: 'a', type: 'mcp_tool_call', server: 's', tool: 't', status: 'failed', error: { message: 'no' } },
      },
      { type: 'item.completed', item: { id: 'b', type: 'toString' } },
      { type: 'turn.completed', usage: { input_tokens: 5, cached_input_tokens: 9 } },
    )
    expect(run).toMatchObject({ ok: true, toolCalls: 1, usage: { input: 0, cacheRead: 9 } })
  })

  it('Gemini: the answer is whole, and what it thought with counts as output', async () => {
    const part = (content: string) => ({ type: 'message', role: 'assistant', content, delta: true })
    const { run, events } = await spoken(
      adapter('gemini'),
      part('before '),
      part('the tool'),
      { type: 'tool_use', tool_id: '1', tool_name: 'x' },
      { type: 'tool_result', tool_id: '1', status: 'error', error: { message: 'bad' } },
      part('af'),
      part('ter'),
      { type: 'error', severity: 'warning', message: 'Loop detected' },
      {
        type: 'result',
        status: 'success',
        stats: { total_tokens: 130, input_tokens: 100, output_tokens: 10, cached: 40 },
      },
    )
    expect(events.filter((event) => event.type === 'text').map(({ text }) => text)).toEqual([
      'before the tool',
      'after',
    ])
    expect(run).toMatchObject({ ok: true, text: 'after', usage: { input: 60, output: 30, cacheRead: 40 } })
    expect((await spoken(adapter('gemini'), part('cut of'), '{"type":')).run).toMatchObject({
      ok: false,
      text: 'cut of',
    })
  })

  it('opencode: the last step tells the end', async () => {
    const finish = (reason: string) => ({
      type: 'step_finish',
      sessionID: 'ses_12345678',
      part: { reason, tokens: { input: 1, output: 2, reasoning: 3 } },
    })
    const start = { type: 'step_start', sessionID: 'ses_12345678', part: {} }
    const error = {
      type: 'error',
      sessionID: 'ses_12345678',
      error: { name: 'ProviderAuthError', data: { message: 'x' } },
    }
    const reason = async (...values: unknown[]) => (await spoken(adapter('opencode'), ...values)).run.reason
    expect(await reason(start, finish('tool-calls'), start, finish('stop'))).toBeNull()
    expect(await reason(start, finish('stop'), start)).toBe('no end event')
    expect(await reason(start, finish('length'))).toBe("the last step ended with 'length'")
    expect(await reason(start, finish('stop'), error)).toMatch(/wants a login/)
    expect((await spoken(adapter('opencode'), finish('stop'))).run.usage).toMatchObject({ input: 1, output: 5 })
  })
})

describe('faults', () => {
  const bot = { name: 'bot', login: 'knock twice' }
  const kindOf = (message: string) =>
    faultEvents(bot, message).map((event) => (event.type === 'error' ? (event.kind ?? 'error') : event.type))[0]

  it.each([
    ['Thread T-1 does not exist.', 'thread'],
    ['no rollout found for thread id x', 'thread'],
    ['Error: This thread is archived and cannot be continued.', 'thread'],
    ['Invalid session identifier "x".', 'thread'],
    ['HTTP 429: slow down', 'transient'],
    ['API Error: 529 {"type":"error"}', 'transient'],
    ['API Error: 400 bad', 'error'],
    ['exceeded retry limit, last status: 429 Too Many Requests', 'transient'],
    ['unexpected status 401 Unauthorized: Missing bearer or basic authentication in header', 'waiting'],
    ['connect ECONNREFUSED 127.0.0.1:1', 'transient'],
    ["You've hit your limit · resets 3pm", 'transient'],
    ['Claude AI usage limit reached|1790000000', 'transient'],
    ['Not logged in. Run codex login.', 'waiting'],
    ['Unauthorized Check your access token.', 'waiting'],
    ['could not create PATH aliases under temporary dir', 'error'],
    ['the tests fail in line 500', 'error'],
    ['Prompt is too long', 'error'],
  ])('%s: %s', (message, kind) => {
    expect(kindOf(message)).toBe(kind)
  })

  it('stderr tells who must log in, and leaves ordinary errors to the exit code', () => {
    expect(stderrFaults(bot, 'warning\nPlease run `bot login` first\nbye\n')).toEqual([
      { type: 'waiting', for: 'login', message: 'bot wants a login: knock twice' },
    ])
    expect(stderrFaults(bot, 'Error: no such file\n')).toEqual([])
    expect(asksForLogin('I have logged the result')).toBe(false)
  })
})

describe('whatever comes, a reader goes on', () => {
  const words = [
    'type',
    'subtype',
    'message',
    'content',
    'usage',
    'is_error',
    'result',
    'error',
    'errors',
    'session_id',
    'sessionID',
    'part',
    'state',
    'time',
    'tokens',
    'cache',
    'item',
    'id',
    'stats',
    'models',
    'modelUsage',
    'status',
    'role',
    'delta',
    'data',
    'changes',
    'parent_tool_use_id',
    'model',
    'reason',
    'text',
    'tool_use_result',
    'severity',
    'thread_id',
  ]
  const types = [
    'system',
    'assistant',
    'user',
    'result',
    'thread.started',
    'item.started',
    'item.completed',
    'turn.completed',
    'turn.failed',
    'error',
    'init',
    'message',
    'tool_use',
    'tool_result',
    'step_start',
    'step_finish',
    'text',
    'reasoning',
    'command_execution',
    'mcp_tool_call',
    'success',
    'error',
    'assistant',
  ]
  const odd = [null, true, false, 0, -1, 1e308, '', 'x', '__proto__', 'constructor', '\u0000', '500 {', '{"error":', []]

  /** Numbers that look random, and are the same in every run. */
  function numbers(seed: number): (below: number) => number {
    let state = seed
    return (below) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      return state % below
    }
  }

  function value(pick: (below: number) => number, depth: number): unknown {
    const one = pick(depth > 3 ? 2 : 5)
    if (one === 0) return odd[pick(odd.length)]
    if (one === 1) return types[pick(types.length)]
    if (one === 2) return Array.from({ length: pick(3) }, () => value(pick, depth + 1))
    const entries = Array.from({ length: pick(8) }, () => [words[pick(words.length)] ?? '', value(pick, depth + 1)])
    return { ...Object.fromEntries(entries), type: types[pick(types.length)] }
  }

  it.each([...agentNames(), 'any'])('%s', async (name) => {
    const reading = name === 'any' ? any : adapter(name)
    const pick = numbers(name.length * 7919)
    for (let round = 0; round < 300; round++) {
      const events = Array.from({ length: 12 }, () => value(pick, 0)).filter(
        (one) => typeof one === 'object' && one !== null,
      )
      const { run, events: read } = await spoken(reading, ...events)
      for (const event of read) check(event)
      for (const figure of [run.costUsd, ...Object.values(run.usage ?? {})])
        expect(figure === null || Number.isFinite(figure)).toBe(true)
      expect(run.ok).toBe(run.reason === null)
    }
  })

  function check(event: AgentEvent): void {
    if (event.type === 'text' || event.type === 'thinking') expect(typeof event.text).toBe('string')
    if (event.type === 'tool') expect([typeof event.id, typeof event.name]).toEqual(['string', 'string'])
    if (event.type === 'tool-result') expect([typeof event.output, typeof event.failed]).toEqual(['string', 'boolean'])
    if (event.type === 'error' || event.type === 'waiting') expect(typeof event.message).toBe('string')
    if (event.type === 'usage') for (const count of Object.values(event.usage)) expect(count).toBeGreaterThanOrEqual(0)
  }
})

describe('what is not in the recordings', () => {
  const own = { session_id: 'T-00000000-aaaa', parent_tool_use_id: null }
  const usage = (input_tokens: number, output_tokens = 1) => ({ input_tokens, output_tokens })
  const step = (text: string) => ({
    ...own,
    type: 'assistant',
    message: { content: [{ type: 'text', text }], usage: usage(7) },
  })
  const end = (subtype: string, more: object) => ({ ...own, type: 'result', subtype, ...more })
  const good = end('success', { is_error: false, result: 'fine' })
  const bad = end('error_during_execution', { is_error: true, error: 'it broke' })
  const flagged = end('success', { is_error: true, result: 'it broke' })
  const limited = end('error_max_turns', { is_error: false })
  const late = { message: 'late' }
  const begun = { type: 'turn.started' }
  const turned = { type: 'turn.completed', usage: { ...usage(9, 2), cached_input_tokens: 4 } }
  const block = (id: string, used: object) => ({ type: 'assistant', message: { id, content: [], usage: used } })
  const warned = { type: 'error', severity: 'warning', message: 'Loop?' }
  const erred = { type: 'error', severity: 'error', ...late }
  const ended = { type: 'result', status: 'success', stats: {} }
  const cut = {
    type: 'step_finish',
    sessionID: 'ses_aaaaaaaaaa',
    part: { reason: 'length', tokens: { input: 3, output: 1 } },
  }
  const silent = { ok: false, reason: 'no end event' }

  it.each<[string, string, unknown[], object]>([
    ['nothing at all', 'amp', [], silent],
    ['nothing at all', 'claude', [], silent],
    ['nothing at all', 'codex', [], silent],
    ['nothing at all', 'gemini', [], silent],
    ['nothing at all', 'opencode', [], silent],
    ['no end', 'amp', [step('one'), step('two')], { ...silent, usage: { input: 14, output: 2 } }],
    ['an error flag', 'amp', [step('one'), flagged], { ok: false, reason: 'it broke' }],
    ['an error flag', 'claude', [flagged], { ok: false, reason: 'it broke' }],
    ['a limit without a flag', 'amp', [limited], { ok: false, reason: 'error_max_turns' }],
    ['a limit without a flag', 'claude', [limited], { ok: false, reason: 'error max turns' }],
    ['two ends, the last one bad', 'amp', [good, step('more'), bad], { ok: false, reason: 'it broke' }],
    ['two ends, the last one good', 'amp', [bad, step('again'), good], { ok: true, text: 'fine', usage: { input: 7 } }],
    ['two ends, the last one good', 'claude', [bad, good], { ok: true, text: 'fine' }],
    ['text after the end', 'amp', [good, step('PS')], { ok: true, text: 'fine', usage: { input: 7 } }],
    ['an error after the end', 'codex', [turned, { type: 'error', ...late }], { ok: false, reason: 'late' }],
    ['an error after the end', 'gemini', [ended, erred], { ok: false, reason: 'late' }],
    ['a turn after the end', 'codex', [begun, turned, begun], { ...silent, usage: { input: 5, cacheRead: 4 } }],
    ['a turn after the end', 'codex', [turned, { type: 'turn.failed', error: late }], { ok: false, reason: 'late' }],
    ['a run after the end', 'claude', [good, { ...own, type: 'system', subtype: 'init' }], silent],
    ['a run after the end', 'amp', [good, { ...own, type: 'system', subtype: 'init' }], silent],
    ['a run after the end', 'gemini', [ended, { type: 'init', session_id: id }], silent],
    ['a warning', 'gemini', [warned, ended], { ok: true }],
    ['an unknown status', 'gemini', [{ type: 'result', status: 'cancelled' }], { ok: false }],
    [
      'a cut answer',
      'opencode',
      [cut],
      { ok: false, reason: "the last step ended with 'length'", usage: { input: 3 } },
    ],
    [
      'tokens in the middle alone',
      'claude',
      [block('1', usage(5)), block('1', usage(5, 4)), block('2', usage(6))],
      { ...silent, usage: { input: 11, output: 5 } },
    ],
    [
      'tokens in the middle',
      'claude',
      [block('1', usage(5)), { ...good, usage: usage(5, 40) }],
      { usage: { output: 40 } },
    ],
  ])('%s, from %s', async (...[, name, values, meaning]) => {
    expect((await spoken(adapter(name), ...values)).run).toMatchObject(meaning)
  })

  it('nothing at all, from an agent of the user: its exit code alone tells', async () => {
    expect((await spoken(any)).run).toMatchObject({ ok: true, text: null, usage: null })
  })

  it('an agent of the user that speaks like another one is told of by its own name', async () => {
    const mine = customAgent('mine', ['mine'], { command: null, resume: null, env: {} })
    const refused = { type: 'turn.failed', error: { message: 'unexpected status 401 Unauthorized' } }
    expect((await spoken(mine, { type: 'thread.started', thread_id: id }, refused)).run).toMatchObject({
      waiting: 'login',
      reason: 'mine wants a login: start it by hand and log in',
    })
  })
})
