import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  agentNames,
  allAgentNames,
  findAdapter,
  findAgent,
  installedAgents,
  locate,
  openAgent,
} from '../../../src/agent/registry.js'
import type { AgentConfig } from '../../../src/agent/settings.js'
import type { AmpError } from '../../../src/errors.js'
import { type AgentScene, agentScene } from './scene.js'

let scene: AgentScene
beforeEach(async () => {
  scene = await agentScene()
})
afterEach(() => scene.end())

const host = () => ({ ...scene.host, env: { PATH: scene.bin } })

/** Git's configuration, as a table. */
const config = (values: Record<string, string | string[]> = {}): AgentConfig => {
  const all = (key: string) => [values[key] ?? []].flat()
  return {
    all,
    get: (key) => all(key).at(-1) ?? null,
    keysBelow: (at) => Object.keys(values).filter((key) => key.startsWith(`${at}.`)),
  }
}
const errorOf = (name: string, values = {}): Promise<AmpError> =>
  openAgent(host(), config(values), name).then(
    () => expect.unreachable(),
    (error) => error,
  )

it('finds adapters by name', () => {
  expect(agentNames()).toEqual(['amp', 'claude', 'codex', 'gemini', 'opencode', 'shell'])
  expect(agentNames().map((name) => findAdapter(name)?.name)).toEqual(agentNames())
  expect(findAdapter('toString')).toBeNull()
})

it('opens what is there', async () => {
  const amp = await scene.program('amp', '')
  expect(await openAgent(host(), config(), 'amp')).toEqual({ adapter: findAdapter('amp'), program: amp, env: {} })
  expect(await openAgent(host(), config(), 'shell')).toEqual({ adapter: findAdapter('shell'), program: null, env: {} })
})

it('says what else is installed when the program is missing', async () => {
  const error = await errorOf('amp')
  expect(error.kind).toBe('fatal')
  expect([error.message, ...error.hints]).toMatchInlineSnapshot(`
    [
      "the agent 'amp' is not installed (no 'amp' on PATH)",
      "Installed here: shell (built in).",
      "Choose another agent with '--agent shell', or for good with 'git config amp.agent shell'.",
      "To get it: install Amp as https://ampcode.com/manual describes, then run 'amp login' once.",
    ]
  `)
})

it('names the agents it knows when asked for another', async () => {
  const error = await errorOf('hal')
  expect([error.kind, error.message, ...error.hints]).toEqual([
    'fatal',
    "unknown agent 'hal'",
    'Known agents: amp, claude, codex, gemini, opencode, shell.',
    'Any other program that reads a prompt is one after "git config amp.agent.<name>.command <command>".',
  ])
})

it('lists the installed programs', async () => {
  await scene.program('codex', '')
  await scene.program('claude', '')
  expect(await installedAgents(host())).toEqual(['claude', 'codex'])
})

describe("the user's own settings", () => {
  const request = { prompt: 'p', thread: null, model: null, worktree: '/w', approve: true, help: '' }

  it('make an agent of any program', async () => {
    const program = await scene.program('my-bot', '')
    const values = {
      'amp.agent.bot.command': `my-bot --say "it's \\"me\\"" a\\ b ''`,
      'amp.agent.bot.resume': 'other go-on --id={thread} {thread}',
      'amp.agent.bot.env': ['A=1', 'B=x=y', 'C='],
    }
    const agent = await openAgent(host(), config(values), 'bot')
    expect([agent.program, agent.env]).toEqual([program, { A: '1', B: 'x=y', C: '' }])
    expect(agent.adapter).toMatchObject({ name: 'bot', continues: true, announcesEnd: false })
    expect(agent.adapter.call({ ...request, model: 'm1' })).toEqual({
      argv: ['my-bot', '--say', `it's "me"`, 'a b', ''],
      stdin: 'p',
      env: { GIT_AMP_MODEL: 'm1' },
    })
    expect(agent.adapter.call({ ...request, thread: 'abc-1' }).argv).toEqual(['other', 'go-on', '--id=abc-1', 'abc-1'])
    for (const thread of ['--evil', '', 'a b', 'a\nb'])
      expect(agent.adapter.call({ ...request, thread }).argv[0]).toBe('my-bot')
    expect(allAgentNames(config(values)).at(-1)).toBe('bot')
  })

  it('take several values as one word each, and an empty one as a new beginning', () => {
    const words = ['bot', 'a b', '"c']
    const argv = (values: string[]) =>
      findAgent(config({ 'amp.agent.bot.command': values }), 'bot').adapter.call(request).argv
    expect(argv(words)).toEqual(words)
    expect(argv(['old', '--x', '', 'new -y'])).toEqual(['new', '-y'])
  })

  it('put another program before the arguments of a known agent', async () => {
    const program = await scene.program('npx', '')
    const agent = await openAgent(host(), config({ 'amp.agent.amp.command': 'npx -y amp' }), 'amp')
    expect(agent.program).toBe(program)
    expect(agent.adapter.help).toEqual(['-y', 'amp', '--help'])
    expect(agent.adapter.call(request).argv.join(' ')).toBe('npx -y amp -x --stream-json --dangerously-allow-all')
  })

  it('are refused when they make no sense', async () => {
    const command = 'bot'
    const message = async (values: Record<string, string | string[]>) => {
      const error = await errorOf('bot', { 'amp.agent.bot.command': command, ...values })
      return [error.kind, error.message]
    }
    expect(await message({ 'amp.agent.bot.command': 'bot "x' })).toEqual([
      'usage',
      "'amp.agent.bot.command' has a quote that is not closed",
    ])
    expect(await message({ 'amp.agent.bot.resume': 'bot go-on' })).toEqual([
      'usage',
      "'amp.agent.bot.resume' does not say where the thread goes",
    ])
    expect(await message({ 'amp.agent.bot.env': ['A=1', '2=x'] })).toEqual([
      'usage',
      "'amp.agent.bot.env' holds something that is not NAME=value",
    ])
    expect(await message({})).toEqual(['fatal', "the agent 'bot' is not installed (no 'bot' on PATH)"])
    expect(await message({ 'amp.agent.bot.command': '' })).toEqual(['fatal', "unknown agent 'bot'"])
  })
})

it('takes executable files from absolute folders of PATH only', async () => {
  const { fs } = scene.host
  const real = await scene.program('real', '')
  await mkdir(join(scene.bin, 'folder'))
  await writeFile(join(scene.bin, 'plain'), '')
  await chmod(join(scene.bin, 'plain'), 0o644)
  await symlink(real, join(scene.bin, 'link'))
  const find = (program: string, PATH: string | undefined) => locate(program, { PATH }, fs)
  expect(await find('real', `relative::/nowhere:${scene.bin}`)).toBe(real)
  expect(await find('link', scene.bin)).toBe(join(scene.bin, 'link'))
  for (const name of ['folder', 'plain', 'gone', '', '../bin/real']) expect(await find(name, scene.bin)).toBeNull()
  expect(await find('real', undefined)).toBeNull()
  expect(await find(real, undefined)).toBe(real)
})
