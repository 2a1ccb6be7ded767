import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import { join } from 'node:path'
import type { AgentAdapter, AgentRun } from '../../../src/agent/adapter.js'
import { amp } from '../../../src/agent/amp.js'
import { type RunOptions, runAgent } from '../../../src/agent/run.js'
import { shell } from '../../../src/agent/shell.js'
import { testHost } from '../../helpers/host.js'

let count = 0

/** A worktree, a folder for fake programs, and real processes. */
export async function agentScene() {
  const root = await mkdtemp(join(os.tmpdir(), 'git-amp-agent-'))
  const worktree = join(root, 'worktree')
  const bin = join(root, 'bin')
  await Promise.all([mkdir(worktree), mkdir(bin)])
  const host = testHost({ env: { PATH: `${bin}:${process.env.PATH}`, HOME: root } })
  const path = (name: string) => join(worktree, name)

  const scene = {
    root,
    worktree,
    bin,
    host,
    path,
    read: (name: string) => readFile(path(name), 'utf8').catch(() => null),

    /** Puts a program on the scene's PATH. */
    async program(name: string, script: string): Promise<string> {
      const file = join(bin, name)
      await writeFile(file, `#!/bin/sh\n${script}\n`)
      await chmod(file, 0o755)
      return file
    },

    options(adapter: AgentAdapter, changes: Partial<RunOptions> & { prompt?: string }): RunOptions {
      const { prompt = '', ...rest } = changes
      return {
        adapter,
        program: null,
        request: { prompt, thread: null, model: null, worktree, approve: true },
        env: host.env,
        session: 'session-1',
        iteration: `test-${process.pid}-${Date.now()}-${count++}`,
        signal: new AbortController().signal,
        ...rest,
      }
    },

    /** Runs the built-in agent. */
    shell: (prompt: string, changes: Partial<RunOptions> = {}): Promise<AgentRun> =>
      runAgent(host, scene.options(shell, { prompt, ...changes })),

    /** Runs a script that plays Amp. */
    async amp(script: string, changes: Partial<RunOptions> & { prompt?: string } = {}): Promise<AgentRun> {
      const program = await scene.program('amp', `case $1 in --help) exit 0 ;; esac\n${script}`)
      return runAgent(host, scene.options({ ...amp, program: 'amp' }, { program, ...changes }))
    },

    /** Waits until a file is there and complete (ends in a newline), and returns what it says. */
    async written(name: string): Promise<string> {
      for (const until = Date.now() + 20_000; Date.now() < until; ) {
        const text = await scene.read(name)
        if (text?.endsWith('\n')) return text.trim()
        await host.sleep(20)
      }
      throw new Error(`${name} was never written`)
    },

    /** Whether a process lives; one that only waits to be collected does not. */
    lives: async (pid: string | number) => (await host.processes.startTime(Number(pid))) !== null,

    /** Nothing may outlive a test, least of all one that failed because something did. */
    async end(): Promise<void> {
      for (const { pid } of await host.processes.workingIn(root)) host.processes.kill(pid, 'SIGKILL')
      await rm(root, { recursive: true, force: true })
    },
  }
  return scene
}

export type AgentScene = Awaited<ReturnType<typeof agentScene>>
