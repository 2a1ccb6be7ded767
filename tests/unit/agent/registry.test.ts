import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { agentNames, findAdapter, installedAgents, locate, openAgent } from '../../../src/agent/registry.js'
import type { AmpError } from '../../../src/errors.js'
import { type AgentScene, agentScene } from './scene.js'

let scene: AgentScene
beforeEach(async () => {
  scene = await agentScene()
})
afterEach(() => scene.end())

const host = () => ({ ...scene.host, env: { PATH: scene.bin } })
const errorOf = (name: string): Promise<AmpError> =>
  openAgent(host(), name).then(
    () => expect.unreachable(),
    (error) => error,
  )

it('finds adapters by name', () => {
  expect(agentNames()).toEqual(['amp', 'shell'])
  expect(agentNames().map((name) => findAdapter(name)?.name)).toEqual(agentNames())
  expect(findAdapter('toString')).toBeNull()
})

it('opens what is there', async () => {
  const amp = await scene.program('amp', '')
  expect(await openAgent(host(), 'amp')).toEqual({ adapter: findAdapter('amp'), program: amp })
  expect(await openAgent(host(), 'shell')).toEqual({ adapter: findAdapter('shell'), program: null })
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
    'Known agents: amp, shell.',
  ])
})

it('lists the installed programs', async () => {
  await scene.program('codex', '')
  await scene.program('claude', '')
  expect(await installedAgents(host())).toEqual(['claude', 'codex'])
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
