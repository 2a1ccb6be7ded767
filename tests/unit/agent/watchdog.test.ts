import { type ChildProcess, spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startWatchdog } from '../../../src/agent/watchdog.js'
import { type AgentScene, agentScene } from './scene.js'

let scene: AgentScene
let running: ChildProcess | null = null
beforeEach(async () => {
  scene = await agentScene()
})
afterEach(async () => {
  running?.kill('SIGKILL')
  await scene.end()
})

const source = (name: string) => JSON.stringify(join(import.meta.dirname, '../../../src', name))

/** A program of its own that runs the built-in agent, as git-amp does. */
async function runner(prompt: string, iteration: string): Promise<ChildProcess> {
  const request = { prompt, thread: null, model: null, worktree: scene.worktree, approve: true }
  const options = { program: null, request, env: scene.host.env, session: 's', iteration }
  const entry = join(scene.root, 'entry.ts')
  const outfile = join(scene.root, 'runner.cjs')
  await writeFile(
    entry,
    `import { runAgent } from ${source('agent/run.ts')}
     import { shell } from ${source('agent/shell.ts')}
     import { realProcesses } from ${source('processes.ts')}
     const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
     const host = { processes: realProcesses(), sleep, now: () => new Date() }
     void runAgent(host, { ...${JSON.stringify(options)}, adapter: shell, signal: new AbortController().signal })`,
  )
  const nodePaths = [join(import.meta.dirname, '../../../node_modules')]
  await build({ entryPoints: [entry], outfile, bundle: true, platform: 'node', format: 'cjs', nodePaths })
  return spawn(process.execPath, [outfile], { stdio: 'inherit' })
}

async function gone(...pids: string[]): Promise<boolean> {
  for (const until = Date.now() + 30_000; Date.now() < until; await scene.host.sleep(50)) {
    const alive = await Promise.all(pids.map((pid) => scene.lives(pid)))
    if (!alive.includes(true)) return true
  }
  return false
}

describe.runIf(process.platform === 'linux')('when git-amp is killed', () => {
  const stubborn = (name: string) => `trap "" INT TERM HUP; echo $$ > ${name}; while :; do sleep 1; done`
  const iteration = () => `killed-${process.pid}-${Date.now()}`

  it('the agent and a grandchild in another session end, however stubborn', async () => {
    running = await runner(`setsid sh -c '${stubborn('grandchild')}' & ${stubborn('agent')}`, iteration())
    const pids = [await scene.written('agent'), await scene.written('grandchild')]
    expect(await Promise.all(pids.map(scene.lives))).toEqual([true, true])
    running.kill('SIGKILL')
    expect(await gone(...pids)).toBe(true)
  })

  it('before it could tell the agent, the agent is found by its environment', async () => {
    const id = iteration()
    const watchdog = await startWatchdog(id, scene.host.env)
    running = spawn('sh', ['-c', stubborn('agent')], {
      cwd: scene.worktree,
      env: { ...scene.host.env, GIT_AMP_ITERATION: id },
      detached: true,
      stdio: 'ignore',
    })
    const other = spawn('sleep', ['300'], { env: { ...scene.host.env, GIT_AMP_ITERATION: `${id}-other` } })
    try {
      const pid = await scene.written('agent')
      watchdog.release()
      expect(await gone(pid)).toBe(true)
      expect(await scene.lives(other.pid ?? 0)).toBe(true)
    } finally {
      other.kill('SIGKILL')
    }
  })

  it('a tool that left the group, cleared its environment and lost its parent ends, because it was seen before', async () => {
    const id = iteration()
    const watchdog = await startWatchdog(id, scene.host.env)
    const tool = spawn('sh', ['-c', stubborn('tool')], {
      cwd: scene.worktree,
      env: { PATH: scene.host.env.PATH },
      detached: true,
      stdio: 'ignore',
    })
    const other = spawn('sleep', ['300'])
    const pid = await scene.written('tool')
    const started = (await scene.host.processes.startTime(tool.pid ?? 0)) ?? ''
    try {
      // A later process with the number of one that was seen is left alone.
      watchdog.knows([
        { pid: tool.pid ?? 0, started },
        { pid: other.pid ?? 0, started: '1' },
      ])
      watchdog.release()
      expect(await gone(pid)).toBe(true)
      expect(await scene.lives(other.pid ?? 0)).toBe(true)
    } finally {
      other.kill('SIGKILL')
    }
  })

  it('a watchdog does not carry the iteration, and goes when all is done', async () => {
    const id = iteration()
    const known = new Set(await watchdogs())
    const watchdog = await startWatchdog(id, scene.host.env)
    const mine = (await watchdogs()).filter((pid) => !known.has(pid))
    expect(mine).toHaveLength(1)
    expect(await scene.host.processes.withEnv(`GIT_AMP_ITERATION=${id}`)).toEqual([])
    watchdog.done()
    expect(await gone(...mine)).toBe(true)
  })
})

/** Direct children of this process that wait in `/`, where nothing else of the tests does. */
async function watchdogs(): Promise<string[]> {
  const { processes } = scene.host
  const children = new Set(await processes.tree(process.pid))
  const shells = (await processes.workingIn('/')).filter(({ pid, name }) => children.has(pid) && name === 'sh')
  return shells.map(({ pid }) => String(pid))
}
