import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fatal } from '../errors.js'
import { scrub } from '../git/env.js'
import type { Env, Host } from '../host.js'

/** One command of the demonstration and why it is there. */
export interface DemoStep {
  say: string
  /** A line for `sh`; `$FIX` and `$DOCS` are the ids of the two sessions. */
  run: string
  /** Keep the answer as this variable for the steps after it. */
  keep?: string
}

export interface DemoOptions {
  /** Starts this git-amp again: program and leading arguments. */
  self: readonly string[]
  /** Repository to clone; without it a small one is made. */
  source: string | null
  onStep(step: DemoStep): void
  onOutput(text: string): void
  signal: AbortSignal
}

/** The workflow: two sessions, iterations, a manual commit, tests, diff, squash, rebase, merge. The agent is the built-in shell. */
const steps: readonly DemoStep[] = [
  {
    say: 'Start two sessions. Each gets a branch and a worktree of its own; your checkout is not touched.',
    run: `git amp new fix-greeting --agent shell --test 'sh demo-test.sh' -m 'printf "hello\\n" > demo.txt; printf "grep -q world demo.txt\\n" > demo-test.sh'`,
    keep: 'FIX',
  },
  {
    say: '',
    run: `git amp new write-docs --agent shell -m 'printf "# Demo\\n\\nIt says hello.\\n" > DEMO.md'`,
    keep: 'DOCS',
  },
  {
    say: 'Run the agent. Its work becomes one commit, and the test command runs on it.',
    run: 'git amp iterate fix-greeting',
  },
  {
    say: 'The test fails, so the agent is told what to do next.',
    run: `git amp iterate fix-greeting -m 'printf "hello world\\n" > demo.txt'`,
  },
  {
    say: 'Add a commit of your own, with plain git, whenever you like.',
    run: `cd "$(git amp path fix-greeting)" && printf 'A demo.\\n' > NOTES && git add NOTES && git commit -q -m 'Add notes'`,
  },
  { say: '', run: `git amp iterate fix-greeting -m 'printf "hello world!\\n" > demo.txt'` },
  { say: 'The other session runs beside it.', run: 'git amp iterate write-docs' },
  { say: 'See what there is, and what a session did.', run: 'git amp' },
  { say: '', run: 'git amp log fix-greeting' },
  { say: '', run: 'git amp diff fix-greeting --stat' },
  {
    say: 'The same story with plain git: a note on every commit.',
    run: `git log --notes=amp --format='%h %s%n    %N' "amp/fix-greeting/$(git amp list --format '%(branch)' | sed -n 's,^amp/fix-greeting/,,p')" -4`,
  },
  {
    say: 'Squash: the amp: commits become one, your own commit stays.',
    run: `git amp squash fix-greeting -m 'Say hello to the world'`,
  },
  { say: 'Merge both into the base; the checkout of the base follows.', run: 'git amp merge fix-greeting' },
  { say: '', run: 'git amp rebase write-docs && git amp merge write-docs' },
  {
    say: 'Everything is in the repository: commits on refs/amp/*, and the merged history.',
    run: 'git amp list -a && git for-each-ref refs/amp refs/notes/amp && git log --oneline -5',
  },
]

/** Runs the demonstration in a scratch repository and removes it again. @returns whether every step succeeded */
export async function runDemo(host: Host, options: DemoOptions): Promise<boolean> {
  const dir = await host.fs.mkdtemp(join(host.tmpdir, 'git-amp-demo-'))
  try {
    const env = await prepare(host, dir, options)
    for (const step of steps) {
      if (options.signal.aborted) return false
      options.onStep(step)
      const ran = await shell(
        step.run,
        { cwd: join(dir, 'repo'), env },
        step.keep === undefined ? options.onOutput : null,
      )
      if (step.keep !== undefined) {
        options.onOutput(ran.stderr + ran.stdout)
        env[step.keep] = ran.stdout.trim()
      }
      // The first test fails on purpose.
      const isExpected = ran.code === 0 || (ran.code === 1 && /iterate fix-greeting$/.test(step.run))
      if (!isExpected) throw fatal(`the demonstration stopped: '${step.run}' ended with exit code ${ran.code}`)
    }
    return true
  } finally {
    await host.fs.rm(dir, { recursive: true, force: true })
  }
}

/** A scratch repository, and a `git-amp` on PATH that is this one. */
async function prepare(host: Host, dir: string, options: DemoOptions): Promise<Env> {
  const bin = join(dir, 'bin')
  await host.fs.mkdir(bin)
  const quoted = options.self.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')
  await host.fs.writeFile(join(bin, 'git-amp'), `#!/bin/sh\nexec ${quoted} "$@"\n`, { mode: 0o755 })
  const env: Env = {
    ...scrub(host.env),
    PATH: `${bin}:${host.env.PATH ?? ''}`,
    GIT_PAGER: 'cat',
    GIT_CONFIG_NOSYSTEM: '1',
  }
  // The demonstration shows git-amp as it comes: the user's own settings and hooks have no part in it.
  Object.assign(env, { HOME: dir, XDG_CONFIG_HOME: dir, GIT_CONFIG_GLOBAL: join(dir, 'gitconfig') })
  const identity =
    '[user]\n\tname = Demo\n\temail = demo@example.com\n[init]\n\tdefaultBranch = main\n[advice]\n\tdetachedHead = false\n'
  await host.fs.writeFile(join(dir, 'gitconfig'), identity)
  const setup =
    options.source === null
      ? 'git init -q repo && cd repo && printf "# A project\\n" > README.md && git add README.md && git commit -q -m "Begin"'
      : 'git clone -q --no-hardlinks -- "$SOURCE" repo'
  const source = options.source === null ? {} : { SOURCE: options.source }
  const { code, stderr } = await shell(setup, { cwd: dir, env: { ...env, ...source } }, null)
  if (code !== 0) throw fatal(`cannot make the scratch repository: ${stderr.trim()}`)
  return env
}

interface Ran {
  code: number | null
  stdout: string
  stderr: string
}

function shell(
  line: string,
  where: { cwd: string; env: Env },
  onOutput: ((text: string) => void) | null,
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn('sh', ['-c', line], {
      cwd: where.cwd,
      env: where.env as NodeJS.ProcessEnv,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const ran: Ran = { code: null, stdout: '', stderr: '' }
    child.stdout.on('data', (chunk: Buffer) => {
      ran.stdout += chunk.toString('utf8')
      onOutput?.(chunk.toString('utf8'))
    })
    child.stderr.on('data', (chunk: Buffer) => {
      ran.stderr += chunk.toString('utf8')
      onOutput?.(chunk.toString('utf8'))
    })
    child.once('error', reject)
    child.once('close', (code) => resolve({ ...ran, code }))
  })
}
