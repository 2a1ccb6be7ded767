import { describe, expect, test } from 'vitest'
import { Interrupted } from '../../../src/cli/interrupt.js'
import { AmpError, fatal, no, usage } from '../../../src/errors.js'
import { GitError } from '../../../src/git/run.js'
import { RefLocked, RefMoved } from '../../../src/state/storage.js'
import { play } from './toys.js'

const failing = (error: unknown) => ({
  act: async () => {
    throw error
  },
})

describe('what is called', () => {
  test('a command with its options', async () => {
    const { code, seen } = await play(['make', '-qm', 'a b', '-mc', '-n2', '--no-ed', 'oak'])
    expect(code).toBe(0)
    expect(seen).toMatchObject([
      { message: ['a b', 'c'], count: '2', edit: false, quiet: true, wood: 'oak', rest: null },
    ])
  })

  test('by any of its names', async () => {
    expect((await play(['mk', 'oak'])).seen).toMatchObject([{ wood: 'oak' }])
  })

  test('list, when there is no command', async () => {
    expect((await play([])).seen).toMatchObject([{ all: undefined }])
    expect((await play(['-a'])).seen).toMatchObject([{ all: true }])
    expect((await play(['--repo', 'x', '-q'])).seen).toMatchObject([{ repoDir: 'x', quiet: true }])
  })

  test('common options may stand in front', async () => {
    expect((await play(['--repo', 'x', 'make', 'oak'])).seen).toMatchObject([{ repoDir: 'x', wood: 'oak' }])
    expect((await play(['-q', '--repo=x', 'make'])).seen).toMatchObject([{ repoDir: 'x', quiet: true }])
  })

  test('words after "--", git\'s own options, and values that look like options', async () => {
    const { seen } = await play(['look', 'a', '--stat', '-', '--', '-x'])
    expect(seen).toMatchObject([{ sessions: ['a', '-'], passed: ['--stat'], rest: ['-x'] }])
    expect((await play(['make', '--', '-x'])).seen).toMatchObject([{ wood: '-x' }])
    expect((await play(['make', '-m', 'line\nline=2'])).seen).toMatchObject([{ message: ['line\nline=2'] }])
  })

  test('an unknown command, with the nearest ones', async () => {
    expect(await play(['mkae'])).toEqual({
      code: 129,
      seen: [],
      stdout: '',
      stderr: [
        "error: unknown command 'mkae'",
        'hint: Did you mean "git amp make"?',
        'hint: See "git amp help" for all commands.\n',
      ].join('\n'),
    })
    expect((await play(['\u001b[31mzzz'])).stderr).toContain("unknown command '\\x1b[31mzzz'")
  })

  test('the exit code of the command', async () => {
    expect((await play(['list'], { act: async () => 1 })).code).toBe(1)
  })
})

describe('help', () => {
  test('-h answers on stdout with 129', async () => {
    const { code, stdout, stderr } = await play(['make', 'oak', '-h'])
    expect([code, stderr]).toEqual([129, ''])
    expect(stdout).toMatchInlineSnapshot(`
      "usage: git amp make [<options>] [<wood>]

          -m, --message <text>  Words painted on it
          -F, --file <file>     Read the words from a file
          -n, --count <n>       How many
          --messy               Leave the shavings
          --no-paint            Leave it plain
          -e, --edit            Open the editor
          --state (open|done)   Only toys in this state, the maker's word
          --onto <rev>          Put it on that shelf
          -p, --push[=<remote>]
                                Give it away
          --repo <dir>          Work in this repository, as "git -C <dir>" does
          -q, --quiet           Print only the answer, no progress and no hints

      "
    `)
    expect(await play(['-h'])).toMatchObject({ code: 129, stderr: '' })
  })

  test('--help answers on stdout with 0', async () => {
    expect(await play(['make', '--help'])).toMatchObject({ code: 0, stderr: '', seen: [] })
    expect((await play(['--help'])).stdout).toMatch(/^NAME\n {4}git-amp - isolated/)
  })
})

describe('errors', () => {
  test.each([
    ['no', no('tests failed'), 1, 'error: tests failed\n'],
    [
      'fatal',
      fatal('no such session', 'Run this.\nOr that.'),
      128,
      'fatal: no such session\nhint: Run this.\nhint: Or that.\n',
    ],
    ['moved', new RefMoved(['refs/x']), 128, /^fatal: refs\/x changed while the command ran\nhint: /],
    ['locked', new RefLocked(['refs/x'], { cause: new Error('held') }), 128, /^fatal: refs\/x is locked: held\nhint: /],
    [
      'bug',
      new TypeError('x is not a function'),
      128,
      /^fatal: internal error: x is not a function\nhint: This is a mistake/,
    ],
    ['own bug', new AmpError('bug', 'cannot happen'), 128, /^fatal: cannot happen\nhint: This is a mistake/],
    ['no error at all', 'text', 128, /^fatal: internal error: text\n/],
  ])('%s', async (...[, error, code, stderr]) => {
    const result = await play(['list'], failing(error))
    expect([result.code, result.stdout]).toEqual([code, ''])
    if (typeof stderr === 'string') expect(result.stderr).toBe(stderr)
    else expect(result.stderr).toMatch(stderr)
  })

  test('a wrong command line shows how to write it', async () => {
    const expected = 'usage: git amp make [<options>] [<wood>]\n'
    expect(await play(['make', '--nothing'])).toMatchObject({
      code: 129,
      stdout: '',
      stderr: `error: unknown option '--nothing'\n${expected}`,
    })
    expect((await play(['make'], failing(usage('-m and -F exclude each other')))).stderr).toBe(
      `error: -m and -F exclude each other\n${expected}`,
    )
  })

  test('a message cannot reach the terminal', async () => {
    const { stderr } = await play(['list'], failing(fatal('a\u001b]0;x\u0007\u009b\u202eb\tc', 'x\u0007')))
    expect(stderr).toBe('fatal: a\\x1b]0;x\\x07\\x9b\\u202eb\tc\nhint: x\\x07\n')
  })

  test('the stack only with GIT_AMP_DEBUG', async () => {
    const error = new Error('broken', { cause: new Error('deeper') })
    expect((await play(['list'], failing(error))).stderr).not.toContain('toys.ts')
    const { stderr } = await play(['list'], { ...failing(error), env: { GIT_AMP_DEBUG: '1' } })
    expect(stderr).toMatch(/main\.test\.ts[\s\S]+caused by: Error: deeper/)
    expect((await play(['list'], { ...failing(error), env: { GIT_AMP_DEBUG: '0' } })).stderr).not.toContain('caused by')
  })
})

describe('an interrupted command ends with 130', () => {
  const stopped = () => {
    const abort = new AbortController()
    abort.abort(new Interrupted('SIGINT'))
    return abort
  }

  test('whatever it returned', async () => {
    expect(await play(['list'], { abort: stopped() })).toMatchObject({ code: 130, stderr: '' })
  })

  test('quietly, when the error only says that it was stopped', async () => {
    const abort = stopped()
    const killed = new GitError(['log'], { code: null, signal: 'SIGINT' }, '')
    for (const error of [abort.signal.reason, killed, new DOMException('x', 'AbortError')]) {
      expect(await play(['list'], { ...failing(error), abort })).toMatchObject({ code: 130, stderr: '' })
    }
  })

  test('and tells of anything else that went wrong', async () => {
    const result = await play(['list'], { ...failing(fatal('cannot record the work')), abort: stopped() })
    expect(result).toMatchObject({ code: 130, stderr: 'fatal: cannot record the work\n' })
  })
})
