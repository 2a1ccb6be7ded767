#!/usr/bin/env node
// An agent that speaks Amp's dialect and misbehaves as its prompt says: one directive a line, `FAKE <verb> <words>`.
import { spawn } from 'node:child_process'
import { appendFileSync, existsSync, readFileSync } from 'node:fs'

if (process.argv.includes('--help')) {
  process.stdout.write('  --dangerously-allow-all\n  --no-archive-after-execute\n')
  process.exit(0)
}

const session_id = 'T-0fa4e000-0001'
const say = (event) =>
  new Promise((done) =>
    process.stdout.write(`${JSON.stringify({ session_id, parent_tool_use_id: null, ...event })}\n`, done),
  )
const assistant = (block, usage = { input_tokens: 10, output_tokens: 5 }) =>
  say({ type: 'assistant', message: { content: [block], usage } })
const pause = (ms) => new Promise((done) => setTimeout(done, ms))
const forEver = () => new Promise(() => setInterval(() => {}, 1000))

const verbs = {
  /** Appends a line to a file, as a tool would. */
  async edit(path, ...words) {
    await assistant({ type: 'tool_use', id: `edit-${path}`, name: 'edit_file', input: { path } })
    appendFileSync(path, `${words.join(' ')}\n`)
    await say({
      type: 'user',
      message: { content: [{ type: 'tool_result', tool_use_id: `edit-${path}`, content: 'ok' }] },
    })
  },
  /** Replays a recording; `speed` 1 keeps the times of its `.meta`, 0 does not wait. */
  async replay(file, speed = '0') {
    const meta = JSON.parse(readFileSync(file.replace(/ndjson$/, 'meta'), 'utf8'))
    const times = meta.arrivals ?? meta.line_times_ms ?? []
    const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1)
    let last = 0
    for (const [at, line] of lines.entries()) {
      const time = Number(times[at]?.ms ?? times[at] ?? last)
      await pause(Math.max(0, (time - last) * Number(speed)))
      last = time
      process.stdout.write(`${line}\n`)
    }
    process.exit(meta.exit_code ?? meta.exit ?? 0)
  },
  /** A process that ignores what can be ignored, in a session of its own with `away`, and writes into the worktree for ever. */
  async grandchild(path, away) {
    const script = `trap '' TERM INT HUP; while :; do echo x >>"$1"; sleep 0.02; done`
    spawn('sh', ['-c', script, 'grandchild', path], { stdio: 'ignore', detached: away === 'away' }).unref()
    while (true) {
      await pause(10)
      try {
        if (readFileSync(path).length > 0) return
      } catch {
        // It has not begun to write.
      }
    }
  },
  /** Prints megabytes: events, text without an end, or bytes that are no UTF-8. */
  async flood(megabytes, kind = 'events') {
    const text = 'x'.repeat(900)
    const event = `${JSON.stringify({ type: 'assistant', session_id, message: { content: [{ type: 'text', text }] } })}\n`
    const chunk = kind === 'events' ? event.repeat(64) : kind === 'text' ? text.repeat(64) : Buffer.alloc(65536, 0xff)
    for (let sent = 0; sent < Number(megabytes) * 1e6; sent += chunk.length) {
      if (!process.stdout.write(chunk)) await new Promise((done) => process.stdout.once('drain', done))
    }
    if (kind !== 'events') process.stdout.write('\n')
  },
  /** Waits until there is such a file. */
  async until(path) {
    while (!existsSync(path)) await pause(10)
  },
  async hang() {
    await forEver()
  },
  async die(signal) {
    process.kill(process.pid, signal)
    await forEver()
  },
  /** A tool that waits for a yes which nobody can give. */
  async approval() {
    await assistant({ type: 'tool_use', id: 'ask', name: 'Bash', input: { cmd: 'rm -rf build' } })
    await forEver()
  },
  async login() {
    process.stdout.write('No API key found. Login at https://ampcode.com/auth/cli-login?token=secret-token\n')
    await forEver()
  },
  async exit(code) {
    process.exit(Number(code))
  },
}

let prompt = ''
for await (const chunk of process.stdin) prompt += chunk
const directives = [...prompt.matchAll(/^FAKE (\w+) ?(.*)$/gm)]
if (!directives.some(([, verb]) => verb === 'replay' || verb === 'login')) {
  await say({ type: 'system', subtype: 'init', cwd: process.cwd(), tools: [] })
}
for (const [, verb, words] of directives) await verbs[verb](...words.split(' ').filter((word) => word !== ''))
await say({
  type: 'result',
  subtype: 'success',
  is_error: false,
  result: 'Done as told.',
  duration_ms: 1,
  num_turns: 1,
})
