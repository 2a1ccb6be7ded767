import { Command } from 'clipanion'
import { describe, expect, test } from 'vitest'
import { specOf } from '../../../src/cli/describe.js'
import { ListToy, LookToy, MakeToy, PlayToy } from './toys.js'

test('a field of clipanion is marked, says what it is and takes its value', () => {
  const fields = Object.entries(new ListToy()).filter(
    ([, value]) => typeof value === 'object' && value !== null && Command.isOption in value,
  )
  expect(fields.map(([name]) => name)).toEqual(['repoDir', 'quiet', 'all'])
  for (const [, field] of fields) {
    expect(field).toMatchObject({ definition: expect.any(Function), transformer: expect.any(Function) })
  }
})

describe('a command as data', () => {
  test('has its names, options in order with the common ones last, and the kinds of values', () => {
    const { paths, options, positionals, rest, passesOptions } = specOf(MakeToy)
    expect(paths).toEqual([['make'], ['mk']])
    expect(options.map(({ names, value }) => `${names.join()} ${value?.kind ?? '-'}`)).toEqual([
      '-m,--message none',
      '-F,--file file',
      '-n,--count none',
      '--messy -',
      '--no-paint -',
      '-e,--edit -',
      '--state words',
      '--onto ref',
      '-p,--push remote',
      '--secret unknown',
      '--repo dir',
      '-q,--quiet -',
    ])
    expect(options.filter(({ isCommon }) => isCommon).map(({ names }) => names[0])).toEqual(['--repo', '-q'])
    expect(options.filter(({ isOptional }) => isOptional).map(({ names }) => names[0])).toEqual(['-p'])
    expect(options.find(({ names }) => names[0] === '--secret')?.isHidden).toBe(true)
    expect(options.find(({ names }) => names[0] === '--state')?.value?.words).toEqual(['open', 'done'])
    expect(positionals).toEqual([
      { value: { label: 'wood', kind: 'none', words: [] }, isRequired: false, repeats: false },
    ])
    expect([rest, passesOptions]).toEqual([null, false])
  })

  test('has the name of a rest, which clipanion forgets, and the words after "--"', () => {
    expect(specOf(LookToy)).toMatchObject({
      positionals: [{ value: { label: 'session', kind: 'session' }, isRequired: false, repeats: true }],
      rest: { label: 'path', kind: 'file' },
      passesOptions: true,
    })
    expect(specOf(PlayToy)).toMatchObject({
      positionals: [{ value: { kind: 'session' }, isRequired: true, repeats: false }],
      rest: { label: 'cmd', kind: 'program' },
    })
  })
})
