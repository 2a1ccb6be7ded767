import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

// The bundle, started as "git amp" through PATH: what only the outermost layer can do.

const bundle = resolve(import.meta.dirname, '../../dist/git-amp.cjs')
const { version } = JSON.parse(readFileSync(resolve(import.meta.dirname, '../../package.json'), 'utf8')) as {
  version: string
}

let scratch: string
let options: { cwd: string; env: NodeJS.ProcessEnv; encoding: 'utf8'; timeout: number }

beforeAll(() => {
  if (!existsSync(bundle)) throw new Error('dist/git-amp.cjs is missing: run "npm run build"')
  scratch = mkdtempSync(join(tmpdir(), 'amp-bin-'))
  for (const folder of ['bin', 'home', 'repo']) mkdirSync(join(scratch, folder))
  symlinkSync(bundle, join(scratch, 'bin/git-amp'))
  const who = ['AUTHOR', 'COMMITTER'].flatMap((role) => [
    [`GIT_${role}_NAME`, 'A'],
    [`GIT_${role}_EMAIL`, 'a@b'],
  ])
  const env = {
    PATH: `${join(scratch, 'bin')}:${process.env.PATH}`,
    HOME: join(scratch, 'home'),
    GIT_CONFIG_NOSYSTEM: '1',
    LC_ALL: 'C.UTF-8',
    ...Object.fromEntries(who),
  }
  options = { cwd: join(scratch, 'repo'), env, encoding: 'utf8', timeout: 20_000 }
  sh('git init -q -b main && git commit -q --allow-empty -m first')
})

afterAll(() => rmSync(scratch, { recursive: true, force: true }))

/** What a shell line did: exit code, stdout, stderr. */
function sh(line: string) {
  const { status, stdout, stderr } = spawnSync('bash', ['-c', line], options)
  return { status, stdout, stderr }
}

test.each(['git amp --version', 'git amp version', 'git-amp --version'])('%s', (line) => {
  expect(sh(line)).toEqual({ status: 0, stdout: `git-amp version ${version}\n`, stderr: '' })
})

describe('exit codes reach the shell through git', () => {
  test.each([
    ['git amp', 0],
    ['git amp -h', 129],
    ['git amp new -h', 129],
    ['git amp batch -h', 129],
    ['git amp new --help', 0],
    ['git amp help', 0],
    ['git amp nope', 129],
    ['git amp show', 128],
    ['git -C / amp list', 128],
    ['git -C / amp help new', 0],
  ])('%s: %i', (line, status) => {
    expect(sh(line).status).toBe(status)
  })
})

describe('output that cannot be written', () => {
  test.each(['git amp help', 'git amp version'])('%s to a full device is fatal', (line) => {
    const { status, stderr } = sh(`${line} >/dev/full`)
    expect(status).toBe(128)
    expect(stderr).toMatch(/^fatal: cannot write the output: .*no space left on device/)
  })

  test('a reader that went away ends it quietly', () => {
    expect(sh('git amp help | true; echo "$PIPESTATUS"')).toEqual({ status: 0, stdout: '141\n', stderr: '' })
  })

  test("a closed standard error is nobody's business", () => {
    expect(sh('git amp nope 2>/dev/full').status).toBe(129)
  })
})

test('a pipe gets all of a long answer', () => {
  const { stdout } = sh('git amp help | cat')
  expect(stdout.length).toBeGreaterThan(2000)
  expect(stdout).toMatch(/^NAME\n[\s\S]+SEE ALSO\n.+\n$/)
})

test('a directory that is gone', () => {
  const { status, stderr } = sh('mkdir ../gone && cd ../gone && rmdir ../gone && git-amp list')
  expect([status, stderr.split('\n')[0]]).toEqual([128, 'fatal: the current directory no longer exists'])
})

test('help opens man or the pager on a terminal, unless git started a pager already', () => {
  const show = (prefix: string) => sh(`${prefix} script -qec 'git amp help help' /dev/null </dev/null`).stdout
  const pager = `GIT_PAGER="sed s/^/P:/" PATH="${withoutMan()}"`
  expect(show(pager)).toContain('P:NAME')
  expect(show(`${pager} GIT_PAGER_IN_USE=true`)).not.toContain('P:')
  expect(show('MANPAGER=cat')).toMatch(/GIT-AMP-HELP\(1\)/)
})

/** A PATH with only what the pager needs. */
function withoutMan(): string {
  const bin = join(scratch, 'few')
  mkdirSync(bin, { recursive: true })
  for (const name of ['git', 'sh', 'sed', 'bash', 'script', 'node', 'env']) {
    const found = sh(`command -v ${name}`).stdout.trim()
    if (found !== '' && !existsSync(join(bin, name))) symlinkSync(found, join(bin, name))
  }
  symlinkSync(bundle, join(bin, 'git-amp'))
  return bin
}

describe('signals', () => {
  const started = async (): Promise<ChildProcess> => {
    // Waits for standard input, which nobody writes.
    const child = spawn('git-amp', ['new', '-F', '-'], { ...options, stdio: ['pipe', 'pipe', 'pipe'] })
    await new Promise((next) => setTimeout(next, 800))
    return child
  }
  const ended = (child: ChildProcess) =>
    new Promise<string>((next) => child.once('close', (code, signal) => next(String(signal ?? code))))

  test('a signal ends a waiting command with 130, and a doubled Ctrl-C is one', async () => {
    const child = await started()
    const end = ended(child)
    child.kill('SIGINT')
    child.kill('SIGINT')
    expect(await end).toBe('130')
    expect(sh('git for-each-ref refs/amp').stdout).toBe('')
  })

  test('SIGTERM does the same', async () => {
    const child = await started()
    const end = ended(child)
    child.kill('SIGTERM')
    expect(await end).toBe('130')
  })
})
