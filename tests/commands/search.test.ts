import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { plain } from '../helpers/run.js'
import { type Scene, scene } from '../helpers/scene.js'

// biome-ignore lint/suspicious/noExplicitAny: tests look into whatever the answer holds
async function hits(s: Scene, ...argv: string[]): Promise<any[]> {
  const answer = await s.amp('search', '--json', ...argv)
  if (answer.code > 1 || answer.stderr !== '') throw new Error(answer.stderr)
  expect(answer.code).toBe(answer.stdout === '' ? 1 : 0)
  return answer.stdout
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

const kinds = async (s: Scene, ...argv: string[]): Promise<string[]> =>
  (await hits(s, ...argv)).map(({ slug, iteration, kind }) => `${slug} ${iteration ?? '-'} ${kind}`)

/** An agent that prints a file. */
function prints(s: Scene, name: string, text: string): string {
  s.write({ [name]: text }, s.root)
  return `cat '${join(s.root, name)}'`
}

describe('git amp search', () => {
  it('looks into prompts, transcripts, results and comments, the latest session first', async () => {
    const s = scene()
    let time = Date.parse('2026-11-20T10:00:00Z')
    const amp = (...argv: string[]) =>
      s.ampWith(
        {
          now: () => {
            time += 60_000
            return new Date(time)
          },
        },
        ...argv,
      )
    const begin = async (name: string, prompt: string) =>
      (await amp('new', name, '--agent', 'shell', '-q', '-m', prompt)).stdout.trim()
    const a = await begin('first', '# Mend the widget parser\ntrue')
    const b = await begin('second', 'true')
    await amp(
      'iterate',
      a,
      '-m',
      'echo begin; echo the widget is open; echo oops the widget >&2; echo; echo done; true',
    )
    await amp('comment', a, '-m', 'The widget looks odd')
    await amp('iterate', b, '-m', 'echo "widget mended"')
    const answer = await s.ampWith({ now: () => new Date('2026-11-22T10:00:00Z') }, 'search', 'widget')
    expect(answer.code).toBe(0)
    expect(answer.stderr).toBe('')
    expect(plain(answer.stdout, s.root).replace(/^\w{4} /gm, '<id> ')).toMatchInlineSnapshot(`
      "<id> second  2 days ago  true
        iter 1 prompt: echo "widget mended"
        iter 1 result: widget mended

      <id> first  2 days ago  # Mend the widget parser
        prompt: # Mend the widget parser
        iter 1 prompt: echo begin; echo the widget is open; echo oops the widget >&2; echo; echo done; true
        iter 1 transcript: the widget is open
        iter 1 stderr: oops the widget
        comment: The widget looks odd
      "
    `)
    expect(await kinds(s, 'the widget is')).toEqual(['first 1 prompt', 'first 1 transcript'])
    const [hit] = await hits(s, 'looks odd')
    expect(hit).toMatchObject({ session: a, kind: 'comment', lines: [{ line: 1, matches: [[11, 20]] }] })
    expect(await kinds(s, 'nothing like it')).toEqual([])
    const none = await s.amp('search', 'nothing like it')
    expect(none).toEqual({ code: 1, stdout: '', stderr: '' })
  })

  it('finds text however it was escaped, in long lines that were cut, and in bytes that are no text', async () => {
    const s = scene()
    const text = 'He said "quote\\path/x" & <b>\nnext \u{1f389} é\tend'
    const inner = JSON.stringify({ type: 'assistant', message: { content: [{ type: 'text', text }] } })
    const escaped = inner.replace(
      /[\u007f-\uffff]/g,
      (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
    )
    const padding = 'p'.repeat(65_536 - 20)
    const long = JSON.stringify({ message: `${padding}straddling needle${'q'.repeat(70_000)} tail` })
    const id = await s.session('a')
    await s.iterate(id, prints(s, 'one', `${inner}\n`))
    await s.iterate(id, prints(s, 'two', `${escaped}\n`))
    await s.iterate(
      id,
      prints(s, 'three', `${long}\nplain\n${'z'.repeat(65_530)}cut here too\n${'more\n'.repeat(3000)}last word`),
    )
    await s.iterate(id, `printf 'binary \\377 needle\\n'`)
    for (const part of ['said "quote\\path/x" & <b>', '<b>\nnext', '\u{1f389}', '\u{1f389} é', 'é\tend', '"', '/x"'])
      expect(await kinds(s, '--', part), JSON.stringify(part)).toEqual(
        expect.arrayContaining(['a 1 transcript', 'a 2 transcript']),
      )
    expect(await kinds(s, 'straddling needle')).toEqual(['a 3 transcript'])
    expect(await kinds(s, 'qq tail')).toEqual(['a 3 transcript'])
    expect(await kinds(s, 'cut here too')).toEqual(['a 3 transcript'])
    // What the agent repeats is told once.
    expect(await kinds(s, 'last word')).toEqual(['a 3 result'])
    expect(await kinds(s, 'needle')).toEqual(['a 3 transcript', 'a 4 prompt', 'a 4 result'])
    expect(await kinds(s, '-E', 'stradd.{4} needle|no such')).toEqual(['a 3 transcript'])
    expect(await kinds(s, '-i', 'STRADDLING NEEDLE')).toEqual(['a 3 transcript'])
    expect(await kinds(s, 'assistant')).toEqual(['a 1 result', 'a 2 result'])
  })

  it('shows lines around, and stops after as many as are wanted', async () => {
    const s = scene()
    const lines = Array.from({ length: 20 }, (_, at) => (at % 9 === 4 ? `hit ${at}` : `line ${at}`)).join('\n')
    const id = await s.session('a', { prompt: `${lines}\n` })
    const shown = async (...argv: string[]) =>
      (await s.amp('search', 'hit', ...argv)).stdout.split('\n').slice(1).join('\n')
    expect(await shown()).toBe('  prompt: hit 4\n  prompt: hit 13\n')
    expect(await shown('-n1')).toBe('  prompt: hit 4\n')
    expect(await shown('-C1')).toBe(
      '  prompt- line 3\n  prompt: hit 4\n  prompt- line 5\n  --\n  prompt- line 12\n  prompt: hit 13\n  prompt- line 14\n',
    )
    expect(await shown('-B1', '-n1')).toBe('  prompt- line 3\n  prompt: hit 4\n')
    expect(await shown('-A4')).toContain('  prompt- line 8\n  --\n  prompt: hit 13\n')
    expect(await shown('-A5', '-B4')).not.toContain('--\n')
    expect(await s.amp('search', 'hit', '-n0')).toMatchObject({ code: 1, stdout: '' })
    expect((await hits(s, 'hit', '-n', '1'))[0].session).toBe(id)
    expect((await s.amp('search', 'x', '-C', 'y')).code).toBe(129)
    expect((await s.amp('search', '')).code).toBe(129)
    expect((await s.amp('search', '-E', '(')).code).toBe(129)
  })

  it('looks only where it is told to: time, agent, file', async () => {
    const s = scene()
    s.git('config', 'amp.agent.mine.command', 'sh')
    const a = await s.session('a', { prompt: '# word' })
    const b = await s.session('b', { prompt: '# word' })
    await s.iterate(a, 'echo word >a.txt')
    await s.iterate(b, 'echo word >b.txt; rm -f b.txt; echo 1 >c.txt')
    await s.iterate(b, 'echo word two; rm c.txt', '--agent', 'mine')
    expect(await kinds(s, 'word two', '--agent', 'mine')).toEqual(expect.arrayContaining(['b 2 prompt']))
    expect((await kinds(s, 'word', '--agent', 'mine')).filter((kind) => !kind.startsWith('b 2'))).toEqual([])
    expect(new Set((await hits(s, 'word', '--file', 'a.txt')).map(({ slug }) => slug))).toEqual(new Set(['a']))
    expect(new Set((await hits(s, 'word', '--file', './c.txt')).map(({ slug }) => slug))).toEqual(new Set(['b']))
    expect(await hits(s, 'word', '--file', 'd.txt')).toEqual([])
    expect(await hits(s, 'word', '--until', '2001-01-01')).toEqual([])
    expect((await hits(s, 'word', '--since', '2001-01-01')).length).toBeGreaterThan(3)
    expect((await s.amp('search', 'word', '--since', 'sometime')).code).toBe(129)
  })

  it('looks into archived sessions, and works in another clone with what is there', async () => {
    const s = scene()
    const id = await s.session('a', { prompt: '# the goal' })
    await s.iterate(id, `${prints(s, 'said', 'secret sauce\n')}; echo 1 >a`)
    await s.amp('remove', '-f', id)
    expect((await s.amp('gc')).code).toBe(0)
    expect(await kinds(s, 'the goal')).toEqual(['a - prompt'])
    expect(await kinds(s, 'secret sauce')).toEqual(['a 1 result'])
    s.gitAt(s.root, 'clone', '-q', 'repo', 'clone')
    const clone = join(s.root, 'clone')
    s.gitAt(clone, 'fetch', '-q', 'origin', 'refs/amp/*:refs/amp/*')
    expect((await s.ampAt(clone, 'search', 'the goal')).code).toBe(0)
  })

  it('escapes what a terminal would act on, and marks matches in colour', async () => {
    const s = scene()
    s.git('config', 'color.amp', 'always')
    const id = await s.session('a')
    await s.iterate(id, prints(s, 'said', 'a \x1b[2J\x07 word \u202e here\n'))
    const answer = await s.amp('search', 'word')
    expect(answer.stdout).toContain('a \\x1b[2J\\x07 \x1b[1;31mword\x1b[m \\u202e here')
  })

  it('names sessions that cannot be read, and goes on', async () => {
    const s = scene()
    const [a, b] = [await s.session('a', { prompt: '# word' }), await s.session('b', { prompt: '# word' })]
    s.git('update-ref', `refs/amp/sessions/${a}`, 'HEAD')
    const answer = await s.amp('search', 'word')
    expect(answer.code).toBe(0)
    expect(answer.stdout).toContain(b.slice(0, 4))
    expect(answer.stderr).toContain(`warning: refs/amp/sessions/${a} cannot be read`)
  })
})
