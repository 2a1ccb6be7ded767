import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { plain } from '../helpers/run.js'
import { type Scene, scene } from '../helpers/scene.js'

const spoolDir = (s: Scene) => join(s.dir, '.git/amp/spool')
const spools = (s: Scene) => (existsSync(spoolDir(s)) ? readdirSync(spoolDir(s)) : [])
const ref = (id: string) => `refs/amp-private/transcripts/${id}`

/** Everything in the object database, loose, packed and dangling. */
function objects(s: Scene): string {
  const args = ['cat-file', '--batch-all-objects', '--batch', '--buffer']
  return execFileSync('git', args, { cwd: s.dir, env: s.env as NodeJS.ProcessEnv, maxBuffer: 1 << 28 }).toString(
    'latin1',
  )
}

/** Lines of a script that prints files of the main checkout. */
const show = (s: Scene, ...names: string[]) => names.map((name) => `cat '${join(s.dir, name)}'`).join('\n')

describe('git amp transcript', () => {
  it('tells each iteration: prompt, words, errors, end', async () => {
    const s = scene()
    const id = await s.session('a', { prompt: 'echo hello; echo "  two"; echo oops >&2; sleep 0.2; echo 1 >a' })
    await s.amp('iterate', id)
    await s.iterate(id, 'printf "red \\033[31m bell \\007\\n"; exit 3')
    const answer = await s.amp('transcript', id)
    expect(answer.code).toBe(0)
    expect(answer.stderr).toBe('')
    const story = plain(answer.stdout, s.root).replace(/\d{4}-.* UTC, [\d.]+ m?s/g, '<when>')
    expect(
      story.replace(/hello\n {2}two\n\nstderr: oops|stderr: oops\n\nhello\n {2}two/, '<said>'),
    ).toMatchInlineSnapshot(`
      "iteration 1  shell  <when>  success

      > echo hello; echo "  two"; echo oops >&2; sleep 0.2; echo 1 >a

      <said>

      end: success, 1 file +1 -0

      iteration 2  shell  <when>  failed

      > printf "red \\033[31m bell \\007\\n"; exit 3

      red \\x1b[31m bell \\x07

      end: failed: exit code 3
      "
    `)
    const one = await s.amp('transcript', id, '--iteration', '2', '--raw')
    expect(one.stdout).toBe('red \x1b[31m bell \x07\n')
    expect(s.git('log', '--format=%s', ref(id))).toBe(
      'amp(a): transcript of iteration 2\namp(a): transcript of iteration 1',
    )
    const { transcript } = s.ended(id) as { transcript: { oid: string; bytes: number } }
    const names = s.git('ls-tree', '-r', '--name-only', ref(id)).split('\n')
    expect(names).toEqual([
      expect.stringMatching(/^\w{12}\/000001\.ndjson$/),
      expect.stringMatching(/\/000001\.ndjson$/),
    ])
    expect(s.git('cat-file', '-s', `${transcript.oid}:000001.ndjson`)).toBe(String(transcript.bytes))
    expect(spools(s)).toEqual([])
  })

  it('reads what the adapter of the agent reads, tools a line each or whole', async () => {
    const s = scene()
    const stream = join(import.meta.dirname, '../fixtures/agent-streams/amp-multi.ndjson')
    s.program('amp', `case $* in *--help*) exit 0 ;; esac\ncat >/dev/null\ncat '${stream}'`)
    const id = await s.session('a', { args: ['--agent', 'amp'] })
    await s.iterate(id, 'go', '--agent', 'amp')
    const short = (await s.amp('transcript', id)).stdout
    const long = (await s.amp('transcript', id, '--tools')).stdout
    expect(long.length).toBeGreaterThan(short.length)
    expect(long).toMatch(/^\$ \/.*\/amp -x --stream-json/m)
    expect(long).toMatch(/^ {2}\w+ gave \(\d+ ms\)/m)
    expect(short).not.toContain(' gave')
    const events = (await s.amp('transcript', id, '--json')).stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(new Set(events.map(({ schema }) => schema))).toEqual(new Set(['git-amp/transcript-event@1']))
    expect(events.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['iteration', 'prompt', 'call', 'tool', 'tool-result', 'end', 'iteration-end']),
    )
    expect((await s.amp('transcript', id, '--raw')).stdout).toBe(readFileSync(stream, 'utf8'))
  })

  it('hints when there is nothing, and refuses an iteration that is none', async () => {
    const s = scene()
    const id = await s.session('a')
    expect(await s.amp('transcript', id)).toEqual({
      code: 0,
      stdout: '',
      stderr: 'hint: session a has no iteration yet\n',
    })
    await s.amp('iterate', id)
    s.git('update-ref', '-d', ref(id))
    const answer = await s.amp('transcript', id)
    expect([answer.code, answer.stdout]).toEqual([0, ''])
    expect(answer.stderr).toContain('hint: no transcript of iteration 1 here')
    expect((await s.amp('transcript', id, '--iteration', 'x')).code).toBe(129)
    expect((await s.amp('transcript', id, '--iteration', '7')).code).toBe(128)
  })

  it('shows the iteration that runs now, and a clone that has the ref shows the same', async () => {
    const s = scene()
    const id = await s.session('a')
    const stop = new AbortController()
    const running = s.ampWith({ signal: stop.signal }, 'iterate', id, '-m', 'echo begun; exec sleep 600')
    await s.until(async () => (await s.amp('transcript', id)).stdout.includes('\nbegun\n'))
    expect((statSync(spoolDir(s)).mode & 0o777).toString(8)).toBe('700')
    expect(spools(s).map((name) => (statSync(join(spoolDir(s), name)).mode & 0o777).toString(8))).toEqual(['600'])
    stop.abort()
    await running
    const here = (await s.amp('transcript', id)).stdout
    expect(here).toContain('interrupted')
    s.gitAt(s.root, 'clone', '-q', 'repo', 'clone')
    const clone = join(s.root, 'clone')
    s.gitAt(clone, 'fetch', '-q', 'origin', 'refs/amp/*:refs/amp/*', 'refs/amp-private/*:refs/amp-private/*')
    expect((await s.ampAt(s.root, 'transcript', id, '--repo', clone)).stdout).toBe(here)
  })

  it('keeps sessions apart', async () => {
    const s = scene()
    const [a, b] = [await s.session('a'), await s.session('b')]
    await Promise.all([
      s.iterate(a, 'for i in 1 2 3 4 5 6 7 8 9; do echo a; done'),
      s.iterate(b, 'for i in 1 2 3 4 5 6 7 8 9; do echo b; done'),
    ])
    expect((await s.amp('transcript', a, '--raw')).stdout).toBe('a\n'.repeat(9))
    expect((await s.amp('transcript', b, '--raw')).stdout).toBe('b\n'.repeat(9))
  })

  it('keeps a line of 10 MB, bytes that are no text, and a last line without an end', async () => {
    const s = scene()
    const bytes = Buffer.concat([
      Buffer.from([0xff, 0xfe, 0x80, 0x0a]),
      Buffer.alloc(10_000_000, 'a é'),
      Buffer.from('\n\0end'),
    ])
    writeFileSync(join(s.root, 'bytes'), bytes)
    const id = await s.session('a')
    await s.iterate(id, `cat '${join(s.root, 'bytes')}'`)
    const sizes = s
      .git('ls-tree', '-r', '-l', ref(id))
      .split('\n')
      .map((line) => Number(line.split(/\s+/)[3]))
    expect(sizes.length).toBeGreaterThanOrEqual(10)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1024 * 1024)
    const lines = [...s.git('ls-tree', '-r', ref(id)).matchAll(/blob (\w+)/g)]
      .flatMap(([, oid = '']) => s.git('cat-file', 'blob', oid).split('\n'))
      .map((line) => JSON.parse(line))
      .filter(({ s: stream }) => stream === 'out')
      .map(({ d, b, more }) =>
        Buffer.concat([d === undefined ? Buffer.from(b, 'base64') : Buffer.from(d), Buffer.from(more ? '' : '\n')]),
      )
    expect(Buffer.concat(lines).equals(Buffer.concat([bytes, Buffer.from('\n')]))).toBe(true)
  })
})

describe('a spool', () => {
  it('that cannot be written stops nothing, and the iteration says so', async () => {
    const s = scene()
    const id = await s.session('a')
    mkdirSync(join(s.dir, '.git/amp'), { recursive: true })
    writeFileSync(spoolDir(s), 'in the way')
    const answer = await s.iterate(id, 'echo 1 >a')
    expect(answer.code).toBe(0)
    expect(answer.stderr.match(/warning: the transcript is not whole: /g)).toHaveLength(1)
    expect(s.ended(id)).toMatchObject({ outcome: 'success', untold: expect.any(String) })
  })

  /** An iteration whose git-amp was killed, with what its spool held then. */
  async function killed(text: string) {
    const s = scene()
    const id = await s.session('a')
    const stop = new AbortController()
    const running = s.ampWith({ signal: stop.signal }, 'iterate', id, '-m', 'echo begun; exec sleep 600')
    await s.until(() => s.snapshot(id).open.length > 0)
    const open = s.git('rev-parse', `refs/amp/sessions/${id}`)
    const iteration = s.snapshot(id).open[0]?.iteration ?? ''
    stop.abort()
    await running
    const tip = s.git('rev-parse', `refs/amp/sessions/${id}`)
    s.git('update-ref', '-d', ref(id))
    const file = join(spoolDir(s), `${iteration}.ndjson`)
    const head = { session: id, iteration, n: 1, agent: 'shell', model: null, thread: null, at: '2026-01-01T00:00:00Z' }
    writeFileSync(file, `${JSON.stringify({ t: 0, s: 'head', d: JSON.stringify(head) })}\n${text}`)
    return { s, id, iteration, file, open, tip }
  }

  const said = '{"t":5,"s":"out","d":"one"}\n{"t":6,"s":"err","d":"two","more":true}\n{"t":7,"s":"out","d":"cu'

  it('of a killed git-amp is kept by the next command, and its event names it', async () => {
    const { s, id, open, iteration } = await killed(said)
    s.git('update-ref', `refs/amp/sessions/${id}`, open)
    await s.iterate(id, 'echo then')
    expect((await s.amp('transcript', id, '--raw')).stdout).toBe('one\ntwo\nthen\n')
    const story = s.git('log', '--format=%B', `refs/amp/sessions/${id}`)
    const failed = [...story.matchAll(/^Amp-Event: (.*)$/gm)]
      .map((match) => JSON.parse(match[1] ?? ''))
      .find(({ type }) => type === 'iteration.failed')
    expect(failed.data.transcript.oid).toBe(s.git('rev-parse', `${ref(id)}:${iteration}`))
    expect(spools(s)).toEqual([])
  })

  it('whose iteration has ended is kept by the next command of its session alone', async () => {
    const { s, id, file } = await killed(said)
    const other = await s.session('b')
    await s.iterate(other, 'true')
    expect(existsSync(file)).toBe(true)
    expect((await s.amp('transcript', id, '--raw')).stdout).toBe('one\ntwo\n')
    await s.iterate(id, 'true')
    expect(existsSync(file)).toBe(false)
    expect((await s.amp('transcript', id, '--raw', '--iteration', '1')).stdout).toBe('one\ntwo\n')
  })

  it('of no session is removed when it is old', async () => {
    const { s, id } = await killed('')
    const [old, young] = ['00000000000a', '00000000000b'].map((name) => join(spoolDir(s), `${name}.ndjson`)) as [
      string,
      string,
    ]
    for (const file of [old, young]) writeFileSync(file, 'x')
    utimesSync(old, 1, 1)
    await s.iterate(id, 'true')
    expect([existsSync(old), existsSync(young)]).toEqual([false, true])
  })
})

describe('secrets', () => {
  // Put together here, so that no scanner takes this file for a leak.
  const put = (...parts: string[]) => parts.join('')
  const key = put(
    '-----BEGIN RSA PRIV',
    'ATE KEY-----\n',
    'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7KeyBody1\n',
    'VJTUt9Us8cKjMzEfYyjiWA4R4M2bS1GB4t7NXp98C3SC6dVMvDuicKeyBody2\n',
    '-----END RSA PRIV',
    'ATE KEY-----',
  )
  const secrets = {
    env: 'env"secret\\77 ünï😀',
    other: 'worktree-secret-88',
    local: 'multi\nline-secret-value-99\nwith-a-third-line-11',
    github: put('ghp', '_', 'a1B2'.repeat(9)),
    openai: put('sk', '-proj-', 'a1B2_c3D-4'.repeat(4)),
    dsn: 'dsnPassw0rd',
    jwt: put('eyJ', 'hbGciOiJIUzI1NiJ9', '.eyJ', 'zdWIiOiIxMjM0In0', '.abcDEF123_-xyz'),
  }

  const pair = 'hunter2hunter2'

  it('that an agent prints are in no object, whatever form they have', async () => {
    const s = scene()
    s.env.MY_TOKEN = secrets.env
    s.write({
      '.gitignore': '.env*\n',
      '.env': `A=1\nAPP_SECRET='${secrets.other}'\nURL=postgres://u:${secrets.dsn}@h/d\n`,
    })
    s.write({ '.env.local': `CERT_KEY="${secrets.local.replaceAll('\n', '\\n')}"\n` })
    const lines = [
      ...Object.values(secrets),
      JSON.stringify({ type: 'x', text: Object.values(secrets).join(' and ') }),
      JSON.stringify({ content: JSON.stringify({ output: `${Object.values(secrets).join('\n')}\n${key}` }) }),
      `DB_PASSWORD=${pair}`,
      JSON.stringify({ password: pair }),
      `https://u:${secrets.dsn}@example.com/${encodeURIComponent(secrets.env)}`,
      Buffer.from(`user:${secrets.env}`).toString('base64'),
      key,
      JSON.stringify({ key }),
      `${'x'.repeat(200_000)} ${secrets.env} ${'y'.repeat(70_000)} ${secrets.github}`,
    ]
    writeFileSync(
      join(s.root, 'said'),
      Buffer.concat([
        Buffer.from(`${lines.join('\n')}\n`),
        Buffer.from(`\xff ${secrets.other} ${secrets.github}\n`, 'latin1'),
      ]),
    )
    const id = await s.session('a')
    await s.iterate(
      id,
      `cat '${join(s.root, 'said')}'; cat '${join(s.root, 'said')}' >&2; ${show(s, '.env', '.env.local')}; echo ${secrets.other}; exit 1`,
    )
    s.git('repack', '-adfq')
    const all = objects(s)
    const bare = (text: string) => JSON.stringify(text).slice(1, -1)
    const forms = Object.values(secrets).flatMap((one) => [one, bare(one), bare(bare(one)), encodeURIComponent(one)])
    for (const form of [
      ...forms,
      pair,
      'line-secret-value-99',
      'KeyBody1',
      'KeyBody2',
      'secret\\77',
      Buffer.from(secrets.env).toString('base64').slice(4, -4),
    ])
      expect(all.includes(Buffer.from(form).toString('latin1')), form).toBe(false)
    const raw = (await s.amp('transcript', id, '--raw')).stdout
    expect(raw.split('\n').filter((line) => line.startsWith('{'))).not.toHaveLength(0)
    for (const line of raw.split('\n')) if (line.startsWith('{')) JSON.parse(line)
    expect(JSON.stringify(s.ended(id))).not.toContain(secrets.other)
  })

  it('that only the killed git-amp knew are not even in its spool', async () => {
    const s = scene()
    s.env.MY_TOKEN = secrets.env
    const id = await s.session('a')
    const stop = new AbortController()
    const running = s.ampWith(
      { signal: stop.signal },
      'iterate',
      id,
      '-m',
      'printf "%s\\n" "$MY_TOKEN"; echo end; exec sleep 600',
    )
    const text = () =>
      spools(s)
        .map((name) => readFileSync(join(spoolDir(s), name), 'utf8'))
        .join('')
    await s.until(() => text().includes('"end"'))
    expect(text()).toContain('[redacted]')
    expect(text()).not.toContain('secret')
    stop.abort()
    await running
  })

  it('are all that is taken out: ordinary code stays as it is', async () => {
    const s = scene()
    const home = join(import.meta.dirname, '../..')
    const files = [
      'package-lock.json',
      'src/util/redact.ts',
      'src/util/secret-pairs.ts',
      'src/agent/run.ts',
      'README.md',
    ].map((name) => join(home, name))
    const id = await s.session('a')
    await s.iterate(id, `cat ${files.map((file) => `'${file}'`).join(' ')}`)
    expect((await s.amp('transcript', id, '--raw')).stdout).toBe(
      files.map((file) => readFileSync(file, 'utf8')).join(''),
    )
  })
})
