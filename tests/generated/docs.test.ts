import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { agentNames } from '../../src/agent/registry.js'
import { specOf } from '../../src/cli/describe.js'
import { entries, registry } from '../../src/registry.js'
import { renderBash } from '../../src/render/bash.js'
import { renderFish, renderFishShim } from '../../src/render/fish.js'
import { renderMan, renderOverviewMan } from '../../src/render/man.js'
import { pageName } from '../../src/render/synopsis.js'
import { renderZsh } from '../../src/render/zsh.js'

// The committed file is the snapshot: "npx vitest run tests/generated -u" writes them all.

const specs = await Promise.all(entries.map(async (entry) => specOf(await entry.load())))
const completable = { specs, agents: agentNames() }
const root = resolve(import.meta.dirname, '../..')

const pages: Record<string, string> = {
  'git-amp.1': renderOverviewMan(registry),
  ...Object.fromEntries(specs.map((spec) => [`${pageName(spec)}.1`, renderMan(spec)])),
}

const completions: Record<string, string> = {
  'git-amp.bash': renderBash(completable),
  '_git-amp': renderZsh(completable),
  'git-amp.fish': renderFish(completable),
  'git-amp.conf.fish': renderFishShim(),
}

describe.each([
  ['man', pages],
  ['completions', completions],
])('%s/', (folder, files) => {
  test.each(Object.entries(files))('%s', async (name, text) => {
    await expect(text).toMatchFileSnapshot(resolve(root, folder, name))
  })

  test('holds no other files', () => {
    const others = readdirSync(resolve(root, folder)).filter((name) => files[name] === undefined)
    expect(others, 'files of commands that are gone: remove them').toEqual([])
  })
})

test('package.json lists every page, for npm links none of a folder', () => {
  const { man } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8'))
  expect(man).toEqual(
    Object.keys(pages)
      .sort()
      .map((name) => `./man/${name}`),
  )
})

describe.each(specs.map((spec) => [pageName(spec), spec] as const))('%s', (name, spec) => {
  test('every option is in the manual and in each completion script', () => {
    const words = spec.options.filter(({ isHidden }) => !isHidden).flatMap(({ names }) => names)
    const plain = (text: string | undefined) => (text ?? '').replaceAll('\\-', '-')
    for (const word of words) {
      expect(plain(pages[`${name}.1`])).toContain(word)
      if (!word.startsWith('--')) continue
      expect(completions['git-amp.bash']).toContain(word)
      expect(completions['_git-amp']).toContain(word)
      expect(completions['git-amp.fish']).toContain(`-l ${word.slice(2)}`)
    }
  })
})
