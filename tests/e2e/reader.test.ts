import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { scene } from '../helpers/scene.js'

const home = resolve(import.meta.dirname, '../..')
const root = mkdtempSync(join(tmpdir(), 'git-amp-reader-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** The package as npm would publish it, installed without a network beside a program of somebody's. */
const app = join(root, 'app')
const env = { PATH: process.env.PATH, HOME: root, npm_config_cache: join(root, 'cache'), npm_config_offline: 'true' }
const runAt = (cwd: string, file: string, ...args: string[]): string => {
  const { status, stdout, stderr } = spawnSync(file, args, { cwd, env, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${file} ${args.join(' ')}: ${stdout}${stderr}`)
  return stdout
}
const run = (file: string, ...args: string[]): string => runAt(app, file, ...args)

/** The example of README.md. */
const example = (): string => {
  const text = readFileSync(join(home, 'README.md'), 'utf8')
  return /```js\n([^`]*git-amp\/reader.*?)```/s.exec(text)?.[1] ?? expect.fail('README.md has no example')
}

beforeAll(() => {
  mkdirSync(join(app, 'node_modules/@types'), { recursive: true })
  const packed = runAt(home, 'npm', 'pack', '--ignore-scripts', '--json', `--pack-destination=${root}`)
  writeFileSync(join(app, 'package.json'), '{ "type": "module", "private": true }\n')
  const [{ filename }] = JSON.parse(packed)
  run('npm', 'install', '--no-audit', '--no-fund', '--ignore-scripts', join(root, filename))
  // The types of node that a program of node's has anyway.
  for (const name of ['@types/node', 'undici-types'])
    symlinkSync(join(home, 'node_modules', name), join(app, 'node_modules', name))
}, 120_000)

describe('the installed package', () => {
  it('runs the example of the README with plain node', async () => {
    const s = scene()
    const id = await s.session('one')
    await s.iterate(id, 'echo 1 >a')
    writeFileSync(join(app, 'example.js'), example())
    // No git program is in reach.
    const node = (cwd: string) =>
      execFileSync(process.execPath, [join(app, 'example.js')], { cwd, env: { PATH: '/nowhere' }, encoding: 'utf8' })
    expect(node(s.dir)).toBe(`${id} one: idle, 1 iterations\n`)
    expect(node(s.worktree(id))).toBe(`${id} one: idle, 1 iterations\n`)
  })

  it('has types, for strict programs too', () => {
    const use = `
      import fs from 'node:fs'
      import { type AmpEvent, AmpError, type IterationView, listSessions, readSession, readText, readTranscript, type Session } from 'git-amp/reader'
      const { sessions } = await listSessions({ fs, gitdir: 'x' })
      const first: Session | undefined = sessions[0]
      const history = await readSession({ fs, dir: '.', id: first?.id ?? '' })
      const events: AmpEvent[] = history?.events ?? []
      const last: IterationView | undefined = history?.iterations.at(-1)
      const prompt: string = await readText({ fs, text: last?.prompt ?? '' })
      const lines = await readTranscript({ fs, id: '', iteration: '' })
      for await (const { text } of lines ?? []) console.log(text.length, prompt, events.length)
      // @ts-expect-error: a state that is none
      if (first?.state === 'nothing') throw new AmpError('fatal', 'x')
    `
    writeFileSync(join(app, 'example.ts'), example())
    writeFileSync(join(app, 'use.ts'), use)
    const strict = ['--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess', '--noEmit']
    for (const module of [
      ['nodenext', 'nodenext'],
      ['esnext', 'bundler'],
    ]) {
      const [kind = '', resolution = ''] = module
      const how = ['--module', kind, '--moduleResolution', resolution, '--target', 'es2022', '--types', 'node']
      run(join(home, 'node_modules/.bin/tsc'), ...strict, ...how, 'example.ts', 'use.ts')
    }
  })

  it('is one file that imports nothing, and its program runs as before', () => {
    const text = readFileSync(join(app, 'node_modules/git-amp/dist/reader.js'), 'utf8')
    expect(text).not.toMatch(/\bfrom\s*["']|\bimport\s*\(|\bimport\s*["']|\brequire\(/)
    expect(run(join(app, 'node_modules/.bin/git-amp'), '--version')).toMatch(/^git-amp version \d/)
    const names = run(
      process.execPath,
      '-e',
      'import("git-amp/reader").then((m) => console.log(Object.keys(m).join()))',
    )
    expect(names.trim()).toBe('AmpError,listSessions,readSession,readText,readTranscript')
    expect(run(process.execPath, '-p', 'require("git-amp/package.json").name').trim()).toBe('git-amp')
  })
})
