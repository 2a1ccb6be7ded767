import { readFileSync, statSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { realProcesses } from '../../src/processes.js'
import { install, run, start, startAmp } from '../helpers/bundle.js'
import { type Scene, scene } from '../helpers/scene.js'

const processes = realProcesses()
/** So many kills in the normal test run; `npm run soak` asks for more. */
const killRounds = Number(process.env.KILL_ROUNDS ?? 30)
const fake = resolve(import.meta.dirname, '../helpers/fake-agent.mjs')

/** A session whose agent does as its prompt says. */
async function told(...directives: string[]): Promise<{ s: Scene; id: string }> {
  const s = install(scene())
  symlinkSync(fake, join(s.root, 'bin/amp'))
  const prompt = directives.map((directive) => `FAKE ${directive}`).join('\n')
  const id = (await s.amp('new', 'told', '-q', '--agent', 'amp', '-m', prompt)).stdout.trim()
  return { s, id }
}

/** Nothing of a scene lives any more. */
const nothingLives = async (s: Scene): Promise<void> =>
  s.until(async () => (await processes.workingIn(s.root)).length === 0, 'everything to end')

/** Largest resident memory of a living process, in MiB (proc(5): VmHWM). */
const peakOf = (pid: number): number =>
  Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024

describe('an agent that misbehaves', () => {
  it.each([
    ['in its group', ''],
    ['in a session of its own', ' away'],
  ])('leaves tools that ignore SIGTERM, %s: they are gone when the iteration ends', async (_where, away) => {
    const { s, id } = await told('edit a one', `grandchild noise${away}`)
    const answer = await run(s, ['git', 'amp', 'iterate', id])
    expect([answer.code, answer.stdout]).toEqual([0, expect.stringContaining('2 files')])
    await nothingLives(s)
    const noise = join(s.worktree(id), 'noise')
    const size = statSync(noise).size
    await new Promise((done) => setTimeout(done, 100))
    expect(statSync(noise).size).toBe(size)
    expect(s.status(id)).toBe('')
  })

  it('is stopped with its tools by git amp stop, and what it did is kept', async () => {
    const { s, id } = await told('edit a one', 'grandchild noise away', 'hang')
    const { ended } = startAmp(s, 'iterate', id)
    await s.until(() => s.exists('noise', s.worktree(id)), 'the grandchild to write')
    expect((await run(s, ['git', 'amp', 'stop', id])).stdout).toContain('interrupted')
    expect(await ended).toMatchObject({ code: 1 })
    await nothingLives(s)
    expect(s.git('show', `${s.branch(id)}:a`)).toBe('one')
  })

  it('hangs: the idle timeout says so', async () => {
    const { s, id } = await told('edit a one', 'hang')
    s.git('config', 'amp.idleTimeout', '700ms')
    const answer = await run(s, ['git', 'amp', 'iterate', id])
    expect([answer.code, answer.stderr]).toEqual([1, expect.stringContaining('the agent failed: no output for 700 ms')])
    expect(s.git('show', `${s.branch(id)}:a`)).toBe('one')
  })

  it('waits for an approval: the tool is named', async () => {
    const { s, id } = await told('approval')
    s.git('config', 'amp.idleTimeout', '700ms')
    expect((await run(s, ['git', 'amp', 'iterate', id])).stderr).toContain(
      'while Bash was at work or waited for an approval',
    )
  })

  it('waits for a login: it is ended, the next step is named, and the token is nowhere', async () => {
    const { s, id } = await told('login')
    const answer = await run(s, ['git', 'amp', 'iterate', id])
    expect([answer.code, answer.stderr]).toEqual([1, expect.stringContaining("run 'amp login' once")])
    expect(answer.stderr).not.toContain('secret-token')
    expect((await run(s, ['git', 'amp', 'list', '--format', '%(state)'])).stdout).toBe('waiting\n')
  })

  it('is killed with its git-amp: what it had used is counted', async () => {
    const { s, id } = await told('edit a one', 'edit b two', 'hang')
    const { child, ended } = startAmp(s, 'iterate', id)
    await s.until(async () => (await run(s, ['git', 'amp', 'transcript', id])).stdout.includes('edit_file b'))
    processes.kill(child.pid ?? 0, 'SIGKILL')
    await ended
    await nothingLives(s)
    await run(s, ['git', 'amp', 'stop', id])
    const usage = { input: 20, output: 10, cacheRead: 0, cacheWrite: 0 }
    const shown = JSON.parse((await run(s, ['git', 'amp', 'show', id, '--json'])).stdout)
    expect(s.snapshot(id).usage).toEqual(usage)
    expect(shown.iterations).toMatchObject([
      { outcome: 'interrupted', usage, toolCalls: 2, durationMs: expect.any(Number), costUsd: null },
    ])
    expect((await run(s, ['git', 'amp', 'usage', '--format', 'csv'])).stdout).toContain(',1,20,10,0,0,')
  })

  it('dies by a signal', async () => {
    const { s, id } = await told('edit a one', 'die SIGSEGV')
    expect((await run(s, ['git', 'amp', 'iterate', id])).stderr).toContain('the agent failed: ended by SIGSEGV')
    expect(s.git('show', `${s.branch(id)}:a`)).toBe('one')
  })

  it.each(['events', 'text', 'bytes'])('floods its output with %s: memory stays flat', async (kind) => {
    const megabytes = process.env.FLOOD_MB ?? '100'
    const { s, id } = await told(`flood ${megabytes} ${kind}`, 'edit a one')
    const { child, ended } = startAmp(s, 'iterate', id, '-q')
    let peak = 0
    const timer = setInterval(() => {
      try {
        peak = Math.max(peak, peakOf(child.pid ?? 0))
      } catch {
        // It has ended.
      }
    }, 10)
    const answer = await ended
    clearInterval(timer)
    expect([answer.code, answer.stderr]).toEqual([0, ''])
    expect(s.git('show', `${s.branch(id)}:a`)).toBe('one')
    expect(peak).toBeGreaterThan(20)
    expect(peak).toBeLessThan(150)
  })
})

describe('in the background', () => {
  it('the run is found by list and stop, and outlives its terminal', async () => {
    const { s, id } = await told('edit a one', 'hang')
    const answer = await run(s, ['git', 'amp', 'iterate', '-d', id])
    expect([answer.code, answer.stdout, answer.stderr]).toEqual([
      0,
      `${id}\n`,
      expect.stringContaining('told is iterated in the background.'),
    ])
    expect((await run(s, ['git', 'amp', 'list', '--format', '%(state)'])).stdout).toBe('running\n')
    await s.until(() => s.exists('a', s.worktree(id)))
    expect((await run(s, ['git', 'amp', 'stop', id])).stdout).toContain('interrupted')
    await nothingLives(s)
  })

  it('is watched by log --follow until it ends', async () => {
    const { s, id } = await told('edit a one', 'until ../../go', 'edit b two')
    await run(s, ['git', 'amp', 'iterate', '-d', id])
    const { child, ended } = startAmp(s, 'log', '--follow', id)
    let seen = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      seen += chunk.toString('utf8')
    })
    await s.until(() => seen.includes('edit_file a'), 'the first edit to be shown')
    s.write({ go: '' })
    expect(await ended).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(
        /^iteration 1 {2}amp .*\n\n> FAKE edit a one\n> FAKE until ..\/..\/go\n> FAKE edit b two\n {2}edit_file a\n {2}edit_file b\nDone as told\.\n\nend: success, 2 files \+2 -0/,
      ),
    })
    expect((await run(s, ['git', 'amp', 'log', '--follow', id])).stderr).toBe(
      'hint: Nothing is running in session told.\n',
    )
  })

  it('a prompt goes with it, and what cannot begin is told here', async () => {
    const { s, id } = await told('hang')
    const prompt = 'FAKE edit b two'
    expect((await run(s, ['git', 'amp', 'iterate', '-d', id, '-m', prompt])).code).toBe(0)
    await s.until(() => s.snapshot(id).last?.n === 1, 'the iteration to end')
    expect(s.git('show', `${s.branch(id)}:b`)).toBe('two')
    await s.until(async () => (await processes.workingIn(s.root)).length === 0)
    s.gitAt(s.worktree(id), 'checkout', '-q', '--detach')
    const failed = await run(s, ['git', 'amp', 'iterate', '-d', id])
    expect([failed.code, failed.stderr]).toEqual([
      128,
      expect.stringContaining('fatal: the worktree of session told is on a detached HEAD'),
    ])
  })
})

describe('on a terminal', () => {
  it('one live view is drawn on stderr and gone at the end; the answer is alone on stdout', async () => {
    const { s, id } = await told('edit a one', 'until ../../go', 'edit b two')
    const command = `stty cols 90 rows 24; git amp iterate ${id} >${s.root}/answer`
    const drawn = run(s, ['script', '-qefc', command, join(s.root, 'typescript')])
    const isDrawn = (words: string) => s.exists('../typescript') && s.read('../typescript').includes(words)
    await s.until(() => isDrawn('told  iteration 1, amp at work  0:0') && isDrawn('1 file: a'), 'a frame')
    s.write({ go: '' })
    expect((await drawn).code).toBe(0)
    expect(s.read('../answer')).toMatch(/^iteration 1: [0-9a-f]{12} 2 files \+2 -0\n$/)
    const frames = s.read('../typescript')
    // The cursor is there after every frame, whatever kills git-amp, and the answer of the agent stays.
    expect(
      frames
        .split('\u001b[?2026l')
        .slice(1)
        .every((part) => part.startsWith('\u001b[?25h')),
    ).toBe(true)
    expect(frames.slice(frames.lastIndexOf('\u001b[?2026l'))).toContain('Done as told.')
  })
})

describe('Ctrl-C on a terminal, through git', () => {
  const stubborn = [
    "trap '' INT TERM HUP",
    '(while :; do echo x >>noise; sleep 0.05; done) &',
    'echo 1 >a; while :; do sleep 1; done',
  ].join('\n')

  it('pressed again, it ends git-amp at once; nothing runs on, and the next command records what was done', async () => {
    const s = install(scene())
    const id = await s.session('x', { prompt: stubborn })
    const command = `stty cols 90; git amp iterate ${id}`
    const { child, ended } = start(s, ['script', '-qefc', command, '../typescript'], { stdin: 'pipe' })
    const isDrawn = (words: string) => s.exists('../typescript') && s.read('../typescript').includes(words)
    await s.until(() => isDrawn('shell at work') && s.exists('a', s.worktree(id)), 'the agent to work')
    child.stdin?.write('\u0003')
    await s.until(() => isDrawn('stopping'), 'the first one to be answered')
    await s.until(() => {
      child.stdin?.write('\u0003')
      return child.exitCode !== null
    }, 'the second one to end it')
    expect((await ended).code).toBe(130)
    expect(s.read('../typescript').lastIndexOf('\u001b[?25h')).toBeGreaterThan(
      s.read('../typescript').lastIndexOf('\u001b[?25l'),
    )
    await nothingLives(s)
    const next = await run(s, ['git', 'amp', 'iterate', id, '-m', 'rm -f noise; echo 2 >b'])
    expect([next.code, next.stderr]).toEqual([
      0,
      expect.stringContaining('Iteration 1 was interrupted; its work is kept'),
    ])
    expect(s.git('show', `${s.branch(id)}:a`)).toBe('1')
    expect(s.snapshot(id).iterations).toBe(2)
  })

  it('pressed once, it is answered in one line where nothing is drawn', async () => {
    const { s, id } = await told('edit a one', 'hang')
    const { child, ended } = start(s, ['git', 'amp', 'iterate', id])
    await s.until(() => s.exists('a', s.worktree(id)), 'the agent to work')
    // As the terminal sends it, to git and to git-amp; git forwards it besides.
    process.kill(-(child.pid ?? 0), 'SIGINT')
    expect((await ended).stderr.match(/^Stopping.*$/gm)).toEqual(['Stopping, and recording what there is...'])
    await nothingLives(s)
    expect(s.ended(id)).toMatchObject({ reason: 'interrupted', files: 1 })
  })
})

describe('random kills', () => {
  it(
    'of git-amp, the agent or its tool: no process survives, no edit is lost, the repository is sound',
    async () => {
      const seed = Number(process.env.KILL_SEED ?? Date.now() % 1_000_000)
      const random = generator(seed)
      const s = install(scene())
      const id = await s.session('killed')
      const log = join(s.root, 'log')
      for (let round = 1; round <= killRounds; round++) {
        // An edit counts from the moment it is in the log, which it is after it is in the file.
        const script = [
          `(trap '' TERM INT; echo $$ >"${s.root}/tool.new"; mv "${s.root}/tool.new" "${s.root}/tool"; while :; do sleep 0.05; done) &`,
          `echo $$ >"${s.root}/agent"`,
          `i=0; while [ $i -lt 400 ]; do i=$((i+1)); echo "${round}.$i" >>f${round % 5}; echo "${round}.$i" >>"${log}"; sleep 0.01; done`,
        ].join('\n')
        const { child, ended } = startAmp(s, 'iterate', id, '-m', script, '-q')
        await s.until(() => s.exists('../agent') && s.exists('../tool'), `round ${round} of seed ${seed} to begin`)
        const target = ['git-amp', 'agent', 'tool', 'both'][Math.floor(random() * 4)] ?? ''
        const what = `seed ${seed}, round ${round}: ${target}`
        await new Promise((done) => setTimeout(done, random() * 250))
        const pids = {
          'git-amp': [child.pid ?? 0],
          agent: [Number(s.read('../agent'))],
          tool: [Number(s.read('../tool'))],
          both: [] as number[],
        }
        pids.both = [...pids['git-amp'], ...pids.agent]
        for (const pid of pids[target as keyof typeof pids]) processes.kill(pid, 'SIGKILL')
        if (target === 'tool') await run(s, ['git', 'amp', 'stop', id])
        await ended
        await s.until(async () => (await processes.workingIn(s.root)).length === 0, `${what}: everything to end`)
        const next = await run(s, ['git', 'amp', 'iterate', id, '-m', `rm -f "${s.root}/agent" "${s.root}/tool"`])
        expect([what, next.code, next.stderr]).toEqual([what, 0, expect.not.stringMatching(/fatal|internal/)])
        const kept = new Set(s.git('grep', '-h', '', s.branch(id), '--', 'f*').split('\n'))
        const lost = s
          .read('../log')
          .trim()
          .split('\n')
          .filter((line) => !kept.has(line))
        expect([what, lost]).toEqual([what, []])
        expect([what, s.snapshot(id).heads]).toEqual([what, [s.git('rev-parse', s.branch(id))]])
      }
      expect(s.git('fsck', '--no-dangling')).toBe('')
      const shown = JSON.parse((await run(s, ['git', 'amp', 'show', id, '--json'])).stdout)
      expect(shown.iterations.every((one: { outcome: string }) => one.outcome !== 'open')).toBe(true)
    },
    60_000 + 20_000 * killRounds,
  )
})

/** mulberry32: the same numbers for the same seed. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
