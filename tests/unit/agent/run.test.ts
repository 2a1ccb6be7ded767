import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AgentEvent } from '../../../src/agent/adapter.js'
import { reapIteration } from '../../../src/agent/reap.js'
import { runAgent } from '../../../src/agent/run.js'
import { shell } from '../../../src/agent/shell.js'
import { type AgentScene, agentScene } from './scene.js'

let scene: AgentScene
beforeEach(async () => {
  scene = await agentScene()
})
afterEach(() => scene.end())

const good = `echo '{"type":"result","is_error":false,"result":"fine","session_id":"T-00000000"}'`

describe('how a run ends', () => {
  it('success', async () => {
    const lines: string[] = []
    const events: AgentEvent[] = []
    const run = await scene.shell('echo one; echo two >&2; printf "last\\tword \\033[1m!"', {
      onLine: (line) => void lines.push(String(line)),
      onEvent: (event) => events.push(event),
    })
    expect(run).toEqual({
      ok: true,
      exit: 0,
      signal: null,
      reason: null,
      thread: null,
      text: 'last\tword !',
      usage: null,
      models: [],
      costUsd: null,
      threadTotal: null,
      waiting: null,
      isThreadLost: false,
      isTransient: false,
      isTimeout: false,
      toolCalls: 0,
      durationMs: expect.any(Number),
    })
    expect(lines).toEqual(['one', 'last\tword \u001b[1m!'])
    expect(events[0]).toEqual({ type: 'text', text: 'one' })
  })

  it('what only stderr tells counts, when stdout told nothing', async () => {
    const run = await scene.amp('echo "Error: This thread is archived and cannot be continued." >&2; exit 1')
    expect(run).toMatchObject({
      ok: false,
      isThreadLost: true,
      reason: 'This thread is archived and cannot be continued.',
    })
  })

  it('the prompt is a file as long as the agent runs', async () => {
    const promptFile = join(scene.root, 'prompt')
    const run = await scene.amp(
      'cat >/dev/null; ls -l "$GIT_AMP_PROMPT_FILE" | cut -c1-10 >said; cat "$GIT_AMP_PROMPT_FILE" >>said',
      { promptFile, prompt: 'do it\n' },
    )
    expect(run.exit).toBe(0)
    expect(await scene.read('said')).toBe('-rw-------\ndo it\n')
    await expect(readFile(promptFile)).rejects.toThrow('ENOENT')
  })

  it('exit code, with the line of stderr that says why', async () => {
    const run = await scene.shell('echo "Error: no server" >&2; echo "try again" >&2; exit 3')
    expect(run).toMatchObject({ ok: false, exit: 3, reason: 'exit code 3: no server' })
    expect((await scene.shell('exit 4')).reason).toBe('exit code 4')
  })

  it('a signal', async () => {
    expect(await scene.shell('kill -KILL $$')).toMatchObject({
      ok: false,
      exit: null,
      signal: 'SIGKILL',
      reason: 'ended by SIGKILL',
    })
  })

  it('an end event and exit 0', async () => {
    expect(await scene.amp(good)).toMatchObject({ ok: true, text: 'fine', thread: 'T-00000000' })
  })

  it('no end event', async () => {
    const cut = `printf '{"type":"result","is_error":false,"resu'`
    expect(await scene.amp(cut)).toMatchObject({ ok: false, exit: 0, reason: 'no end event' })
  })

  it('an end event, but not exit 0', async () => {
    expect(await scene.amp(`${good}; exit 1`)).toMatchObject({ ok: false, reason: 'exit code 1' })
  })

  it("the agent's own error, with exit 0", async () => {
    const run = await scene.amp(`printf '%s\\n' '{"type":"result","is_error":true,"error":"out of\\ncredits"}'`)
    expect(run).toMatchObject({ ok: false, exit: 0, reason: 'out of credits' })
  })

  it('a program that is not there, or is none', async () => {
    const gone = await runAgent(scene.host, scene.options(shell, { program: join(scene.bin, 'gone') }))
    expect(gone).toMatchObject({ ok: false, exit: null, signal: null })
    expect(gone.reason).toMatch(/^cannot start '.*gone'/)
    const folder = await runAgent(scene.host, scene.options(shell, { program: scene.bin }))
    expect(folder.reason).toMatch(/permission denied/)
  })

  it('too much environment', async () => {
    const run = await scene.shell('true', { env: { ...scene.host.env, BIG: 'x'.repeat(200_000) } })
    expect(run.reason).toMatch(/are too long$/)
  })
})

describe('input and output', () => {
  it('hands a long prompt over stdin', async () => {
    const prompt = 'x'.repeat(300_000)
    expect((await scene.amp(`wc -c | tr -d ' ' > n; ${good}`, { request: request(prompt) })).ok).toBe(true)
    expect(await scene.written('n')).toBe('300000')
  })

  it('an agent that does not read its prompt may still succeed', async () => {
    expect((await scene.amp(good, { request: request('x'.repeat(1_000_000)) })).reason).toBeNull()
  })

  it('runs a script that is too long for an argument', async () => {
    expect((await scene.shell(`: ${'x'.repeat(200_000)}\necho long`)).text).toBe('long')
  })

  it('a script finds stdin empty, and its marks in the environment', async () => {
    const lines: string[] = []
    const run = await scene.shell('cat; echo "$GIT_AMP_SESSION $PWD"; env | grep -c ^GIT_AMP_ITERATION=test-', {
      onLine: (line) => void lines.push(String(line)),
    })
    expect(run).toMatchObject({ ok: true, text: '1' })
    expect(lines[0]).toBe(`session-1 ${scene.worktree}`)
  })

  it('a script may begin with a dash', async () => {
    expect((await scene.shell('-x || echo ok')).text).toBe('ok')
  })

  it('reads any amount of output, and of stderr', async () => {
    let bytes = 0
    const run = await scene.shell(
      'yes | head -c 20000000 | tr -d "\\n"; echo; yes | head -c 9000000 >&2; yes error | head -c 3000000; echo end',
      {
        onLine: (line) => {
          bytes += line.length
        },
      },
    )
    expect(run).toMatchObject({ ok: true, text: 'end' })
    expect(bytes).toBe(10_000_000 + 2_500_000 + 3)
  })

  it('ends the agent when a line cannot be stored', async () => {
    const running = scene.shell('echo $$ > pid; echo x; sleep 300', {
      onLine: () => Promise.reject(new Error('disk full')),
    })
    await expect(running).rejects.toThrow('disk full')
    expect(await scene.lives(await scene.written('pid'))).toBe(false)
  })
})

describe('what must not go on', () => {
  it('a background child that would write later', async () => {
    const run = await scene.shell('(echo $$ > pid; sleep 6; echo late > late) & echo started')
    expect(run).toMatchObject({ ok: true, text: 'started' })
    expect(await workers()).toEqual([])
    expect(run.durationMs).toBeLessThan(5000)
    expect(await scene.read('late')).toBeNull()
  })

  it.runIf(process.platform === 'linux')('a child in a session of its own that ignores SIGTERM', async () => {
    const child = 'trap "" TERM HUP; echo $$ > child; while :; do sleep 1; done'
    const run = await scene.shell(`setsid sh -c '${child}' >/dev/null 2>&1 & while ! [ -s child ]; do sleep 0.05; done`)
    expect(run.ok).toBe(true)
    expect(await scene.lives(await scene.written('child'))).toBe(false)
  })

  it.runIf(process.platform === 'linux')('on a stop, a child that hides from group and environment', async () => {
    const stop = new AbortController()
    const running = scene.shell(`env -i setsid sh -c 'trap "" INT TERM; echo $$ > child; while :; do sleep 1; done'`, {
      signal: stop.signal,
    })
    const child = await scene.written('child')
    stop.abort()
    expect(await running).toMatchObject({ ok: false, reason: 'stopped by the user' })
    expect(await scene.lives(child)).toBe(false)
  })

  it('an agent that ignores all but SIGKILL', async () => {
    const stop = new AbortController()
    const running = scene.shell('trap "" INT TERM; echo $$ > pid; while :; do sleep 1; done', { signal: stop.signal })
    const pid = await scene.written('pid')
    stop.abort()
    expect(await running).toMatchObject({ ok: false, signal: 'SIGKILL', reason: 'stopped by the user' })
    expect(await scene.lives(pid)).toBe(false)
  })

  it('asks with SIGINT first', async () => {
    const stop = new AbortController()
    const script = `trap 'echo asked; exit 0' INT; echo $$ > pid; while :; do sleep 0.1; done`
    const running = scene.shell(script, { signal: stop.signal })
    await scene.written('pid')
    stop.abort()
    expect(await running).toMatchObject({ ok: false, exit: 0, text: 'asked', reason: 'stopped by the user' })
  })

  it('a second request does not wait', async () => {
    const [stop, kill] = [new AbortController(), new AbortController()]
    const script = `trap 'echo asked >> asked' INT TERM; echo $$ > pid; while :; do sleep 0.1; done`
    const running = scene.shell(script, { signal: stop.signal, kill: kill.signal })
    await scene.written('pid')
    stop.abort()
    await scene.written('asked')
    kill.abort()
    expect(await running).toMatchObject({ signal: 'SIGKILL', reason: 'stopped by the user' })
    expect(await scene.read('asked')).toBe('asked\n')
  })

  it('anything, when it was stopped before it began', async () => {
    const run = await scene.shell('echo > began', { signal: AbortSignal.abort() })
    expect(run).toMatchObject({ ok: false, exit: null, reason: 'stopped by the user' })
    expect(await scene.read('began')).toBeNull()
  })

  it('a run that takes too long, or is silent for too long', async () => {
    expect((await scene.shell('while :; do echo x; sleep 0.1; done', { timeoutMs: 1000 })).reason).toBe(
      'timed out after 1 second',
    )
    const silent = await scene.shell('for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.2; done; sleep 300', {
      idleTimeoutMs: 1500,
    })
    expect(silent).toMatchObject({ text: '8', reason: 'no output for 2 seconds' })
  })

  it('an agent that waits for a login', async () => {
    const run = await scene.amp(`echo 'No API key found. Starting login flow...'; sleep 300`)
    expect(run.reason).toBe("amp wants a login: run 'amp login' once, or set AMP_API_KEY")
  })

  it('what an iteration left when its git-amp is long dead', async () => {
    const iteration = `dead-${process.pid}-${Date.now()}`
    const left = `GIT_AMP_ITERATION=${iteration} setsid sh -c 'echo $$ > left; sleep 300' >/dev/null 2>&1 &`
    await scene.shell(`${left} while ! [ -s left ]; do sleep 0.05; done`)
    const pid = await scene.written('left')
    expect(await scene.lives(pid)).toBe(true)
    expect(await reapIteration(scene.host, `${iteration}-other`)).toBe(0)
    expect(await reapIteration(scene.host, iteration)).toBeGreaterThan(0)
    expect(await scene.lives(pid)).toBe(false)
    expect(await reapIteration(scene.host, iteration)).toBe(0)
  })
})

const request = (prompt: string) => ({ prompt, thread: null, model: null, worktree: scene.worktree, approve: true })

/** Processes that still work in the scene's worktree. */
const workers = () => scene.host.processes.workingIn(scene.worktree)
