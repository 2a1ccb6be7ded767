import { existsSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { specOf } from '../../src/cli/describe.js'
import type { CommandSpec } from '../../src/cli/spec.js'
import { type CommandClass, entries, registry } from '../../src/registry.js'
import { MakeToy } from '../unit/cli/toys.js'
import { source, src } from './imports.js'

/** Commands that do nothing to a repository have no action. */
const withoutAction: ReadonlySet<string> = new Set(['help'])

const fileName = (words: string): string => `${words.replace(' ', '/')}.ts`

const loaded = await Promise.all(entries.map(async (entry) => ({ entry, command: await entry.load() })))

test('every command file is registered, and every entry has a file of its name', () => {
  const files = readdirSync(join(src, 'commands'), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  )
  expect(files.sort()).toEqual(entries.map(({ names }) => fileName(names[0])).sort())
})

test('no two commands answer to one name', () => {
  const names = entries.flatMap((entry) => entry.names)
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
})

/** What is missing before a command can be explained and completed. */
function shortcomings(spec: CommandSpec): string[] {
  const missing: string[] = []
  if (spec.description === '') missing.push('a description')
  if (spec.details.trim() === '') missing.push('details')
  if (spec.category === '') missing.push('a category')
  for (const { names, description, value, isHidden } of spec.options) {
    if (description === '' && !isHidden) missing.push(`a description of ${names.join(', ')}`)
    if (value?.kind === 'unknown') missing.push(`the kind of ${names.join(', ')} in kinds (or in cli/complete.ts)`)
  }
  for (const { value } of spec.positionals) {
    if (value.kind === 'unknown') missing.push(`the kind of <${value.label}> in kinds (or in cli/complete.ts)`)
  }
  if (spec.rest?.kind === 'unknown') missing.push(`the kind of the words after "--": kinds = { '--': 'file' }`)
  return missing
}

describe.each(loaded.map(({ entry, command }) => [entry.names[0], entry, command] as const))(
  '%s',
  (...[name, entry, command]) => {
    const spec = specOf(command as CommandClass)

    test('is typed as the registry says, in its category', () => {
      expect(spec.paths.map((path) => path.join(' '))).toEqual(entry.names)
      expect(Object.entries(registry).find(([, list]) => list.includes(entry))?.[0]).toBe(spec.category)
      expect(spec.description).toBe(entry.summary)
    })

    test('is explained, and its values have a kind', () => {
      expect(shortcomings(spec)).toEqual([])
    })

    test('is said on one line without a full stop', () => {
      expect(spec.description).toMatch(/^[A-Z][^\n]*[^.\s]$/)
      for (const option of spec.options) expect(option.description, option.names.join()).toMatch(/^[A-Z][^\n]*[^.\s]$/)
    })

    test('uses long option names that can be typed', () => {
      // clipanion takes letters and dashes only; a switch and its own negation would be ambiguous.
      const names = spec.options.flatMap((option) => option.names)
      for (const one of names) expect(one).toMatch(/^(-[a-zA-Z]|--[a-z]+(-[a-z]+)*)$/)
      expect(
        names.filter(
          (one, index) =>
            names.indexOf(one) !== index || (names.includes(one.replace('--no-', '--')) && one.startsWith('--no-')),
        ),
      ).toEqual([])
      expect(names).not.toContain('-h')
    })

    test('has its action and its manual page', () => {
      const action = `actions/${fileName(name)}`
      if (withoutAction.has(name)) expect(existsSync(join(src, action))).toBe(false)
      else expect(existsSync(join(src, action)), action).toBe(true)
      const page = resolve(src, `../man/git-amp-${name.replace(' ', '-')}.1`)
      expect(existsSync(page), `${page}: run "npx vitest run tests/generated -u"`).toBe(true)
    })

    test('calls the action of its name', () => {
      if (!withoutAction.has(name))
        expect(source(`commands/${fileName(name)}`)).toContain(`actions/${name.replace(' ', '/')}.js'`)
    })
  },
)

test('the checks can fail', () => {
  const spec = specOf(MakeToy)
  const [option] = spec.options
  if (option === undefined) throw new Error('a toy has options')
  const value = { label: 'x', kind: 'unknown', words: [] } as const
  expect(
    shortcomings({
      ...spec,
      description: '',
      options: [{ ...option, description: '', value }],
      positionals: [{ value, isRequired: true, repeats: false }],
      rest: value,
    }),
  ).toHaveLength(5)
})
