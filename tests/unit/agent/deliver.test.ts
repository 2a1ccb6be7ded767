import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { deliver } from '../../../src/agent/deliver.js'
import { testHost } from '../../helpers/host.js'

const dir = mkdtempSync(join(tmpdir(), 'git-amp-deliver-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))
const host = testHost()

const run = (script: string, options: { limitMs?: number; signal?: AbortSignal; text?: string } = {}) =>
  deliver(host, {
    file: 'sh',
    args: ['-c', script],
    cwd: dir,
    env: { PATH: process.env.PATH },
    text: options.text ?? '',
    limitMs: options.limitMs ?? 20_000,
    signal: options.signal ?? new AbortController().signal,
  })

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 10))
}

const pidIn = (file: string) => Number(readFileSync(join(dir, file), 'utf8'))

test('a program gets its text, and what goes wrong is a sentence', async () => {
  expect(await run('cat >got', { text: 'hello\n' })).toBeNull()
  expect(readFileSync(join(dir, 'got'), 'utf8')).toBe('hello\n')
  expect(await run('exit 3')).toBe('exit code 3')
  expect(await run('echo first >&2; printf "\\033[1mlast\\n" >&2; exit 1')).toBe('exit code 1: last')
  expect(await run('kill -9 $$')).toBe('ended by SIGKILL')
  expect(
    await deliver(host, {
      file: 'no-such-program',
      args: [],
      cwd: dir,
      env: {},
      text: '',
      limitMs: 1000,
      signal: new AbortController().signal,
    }),
  ).toContain("cannot start 'no-such-program'")
})

test('a text that nobody reads, and an output that nobody wants, stop nothing', async () => {
  expect(await run('exec <&-; exit 0', { text: 'x'.repeat(1_000_000) })).toBeNull()
  expect(await run('head -c 1000000 /dev/zero; head -c 1000000 /dev/zero >&2')).toBeNull()
})

test('one that takes too long is ended with all it started', async () => {
  expect(await run('sleep 60 & echo $! >late; wait', { limitMs: 300 })).toBe(
    'it took longer than 0.3 s and was stopped',
  )
  await until(async () => (await host.processes.startTime(pidIn('late'))) === null)
})

test('a user who stops the command does not wait', async () => {
  const stop = new AbortController()
  const answer = run('echo $$ >stopped; exec sleep 60', { signal: stop.signal })
  await until(() => existsSync(join(dir, 'stopped')) && readFileSync(join(dir, 'stopped'), 'utf8') !== '')
  stop.abort()
  expect(await answer).toBeNull()
})

test('what it leaves in the background is not waited for', async () => {
  expect(await run('sleep 60 & echo $! >left')).toBeNull()
  expect(host.processes.kill(pidIn('left'), 'SIGKILL')).toBe(true)
})
