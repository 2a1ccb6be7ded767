import { describe, expect, test } from 'vitest'
import { normalize } from '../../../src/cli/argv.js'
import { specOf } from '../../../src/cli/describe.js'
import { LookToy, MakeToy, PlayToy } from './toys.js'

const make = (...argv: string[]) => normalize(specOf(MakeToy), argv)
const look = (...argv: string[]) => normalize(specOf(LookToy), argv)
const words = (...argv: string[]) => make(...argv).words.join(' ')

describe('a command line in git style', () => {
  test.each([
    [['-mfoo'], '--message=foo --'],
    [['-m', 'foo'], '--message=foo --'],
    [['-m', '-foo'], '--message=-foo --'],
    [['-m', '--'], '--message=-- --'],
    [['--message', 'a', '--message=b'], '--message=a --message=b --'],
    [['--message='], '--message= --'],
    [['-n5'], '--count=5 --'],
    [['-n=5'], '--count==5 --'],
    [['-eF-'], '-e --file=- --'],
    [['-eF', 'x'], '-e --file=x --'],
    [['--mess', 'a', '--edit'], undefined],
    [['--cou=3'], '--count=3 --'],
    [['--no-ed'], '--no-edit --'],
    [['--no-paint'], '--no-paint --'],
    [['--no-pa'], '--no-paint --'],
    [['oak', '-e'], '-e -- oak'],
    [['-'], '-- -'],
    [['--', '-x'], '-- -x'],
    [['--push'], '--push --'],
    [['--push=me', 'oak'], '--push=me -- oak'],
    [['-p', 'oak'], '--push -- oak'],
    [['-pme'], '--push=me --'],
    [['--secret=1'], '--secret=1 --'],
  ])('%j', (argv, expected) => {
    if (expected === undefined) expect(() => words(...argv)).toThrow("option 'mess' is ambiguous")
    else expect(words(...argv)).toBe(expected)
  })

  test.each([
    [['--mes'], "option 'mes' is ambiguous (could be --message or --messy)"],
    [['-m'], "option 'm' requires a value"],
    [['--message'], "option 'message' requires a value"],
    [['--edit=1'], "option 'edit' takes no value"],
    [['--nothing'], "unknown option '--nothing'"],
    [['--no-message'], "unknown option '--no-message'"],
    [['--secr=1'], "unknown option '--secr'"],
    [['-ex'], "unknown option '-x'"],
    [['-5'], "unknown option '-5'"],
    [['oak', 'elm'], "too many arguments: 'elm'"],
    [['oak', '--', 'elm'], "too many arguments: 'elm'"],
  ])('%j is refused', (argv, sentence) => {
    expect(() => make(...argv)).toThrow(expect.objectContaining({ kind: 'usage', message: sentence }))
  })

  test('asks for help anywhere before "--", but not as a value', () => {
    expect(make('oak', '-h').help).toBe('short')
    expect(make('-eh').help).toBe('short')
    expect(make('--help').help).toBe('full')
    expect(make('--he').help).toBe('full')
    expect(make('-m', '-h').help).toBeNull()
    expect(make('--', '-h').help).toBeNull()
    expect(normalize(specOf(PlayToy), ['-h']).help).toBe('short')
  })

  test('keeps the words after "--" apart for commands that take some', () => {
    expect(look('a', '--', '-x', 'b')).toMatchObject({ words: ['--', 'a'], rest: ['-x', 'b'] })
    expect(look('a', '--').rest).toEqual([])
    expect(look('a').rest).toBeNull()
    const play = specOf(PlayToy)
    expect(normalize(play, ['s', '--', 'npm', '-h']).rest).toEqual(['npm', '-h'])
    expect(() => normalize(play, ['--', 'npm'])).toThrow('missing argument <session>')
    expect(() => normalize(play, ['s', 'npm'])).toThrow(
      expect.objectContaining({ message: "too many arguments: 'npm'", hints: ['Put <cmd>... after "--".'] }),
    )
  })

  test('hands options that belong to git on, in order', () => {
    expect(look('--stat', '-M50%', '-S', 'text', 'one', '--author', 'me', '-5', '--since=yesterday')).toMatchObject({
      words: ['--', 'one'],
      passed: ['--stat', '-M50%', '-S', 'text', '--author', 'me', '-5', '--since=yesterday'],
    })
    expect(look('--iteration', '2', '-sp', '--iter')).toMatchObject({
      words: ['--iteration=2', '-s', '--'],
      passed: ['-p', '--iter'],
    })
    expect(look('-h').help).toBe('short')
  })
})
