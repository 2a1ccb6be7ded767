import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { install } from '../helpers/bundle.js'
import { type Scene, scene } from '../helpers/scene.js'

// Every command of the page is run, and what it prints is compared with the text. "UPDATE_DAY=1 npx vitest run tests/e2e/day.test.ts" writes what they print.

const page = resolve(import.meta.dirname, '../../docs/a-day-with-git-amp.md')
/** Where the page says that it all happens. */
const told = '/home/ann/greet'

/** The agent of the page: what it does depends on its prompt, and on what it did before. */
const agent = `prompt=$(cat)
case "$prompt" in
*"capital letter"*) sed -i 's/:-world/:-World/' greet.sh; echo "World has a capital letter now." ;;
*"Greet the world"*) sed -i 's/\\$1/\${1:-world}/' greet.sh; echo "Without a name it greets the world." ;;
*) if [ -f .tried ]; then
     printf '%s\\n' '[ "$1" = --shout ] && { shift; loud=1; }' "$(grep '^echo' greet.sh)" >body
     { head -n 1 greet.sh; sed '1!s/^echo "\\(.*\\)"/text="\\1"/' body; echo '[ "$loud" ] && text=$(echo "$text" | tr a-z A-Z)'; echo 'echo "$text"'; } >new
     mv new greet.sh; rm -f body
     echo "It shouts now."
   else
     : >.tried; echo .tried >>"$(git rev-parse --git-path info/exclude)"
     printf 'test "$(sh greet.sh --shout Ann)" = "HELLO, ANN!" || exit 1\\n' >>test.sh
     echo "There is a test for it."
   fi ;;
esac`

function world(): Scene {
  const s = install(scene())
  s.program('stand-in', agent)
  s.git('config', 'amp.agent', 'stand-in')
  s.git('config', 'amp.agent.stand-in.command', 'stand-in')
  s.git('config', 'amp.transcripts', 'never')
  s.gitAt(s.root, 'init', '-q', '--bare', 'hub.git')
  s.git('remote', 'add', 'origin', '../hub.git')
  s.commit(
    {
      'greet.sh': '#!/bin/sh\necho "Hello, $1!"\n',
      'test.sh': 'test "$(sh greet.sh Ann)" = "Hello, Ann!" || exit 1\n',
    },
    'Greet',
  )
  return s
}

const ids = /^[0-9a-hjkmnp-tv-z]{12}$/
const oids = /^([0-9a-f]{7,12}|[0-9a-f]{40})$/

/** Words, and what is between them. */
const words = (text: string): string[] => text.split(/(?<=[^0-9a-z])|(?=[^0-9a-z])/)

/** Times and ages in a form that stays, columns not wider than two spaces, and what is listed by id in the order of the rest. */
function timeless(text: string): string[] {
  const lines = text
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, '<time>')
    .replace(/\b\d{8}-\d{6}\b/g, '<time>')
    .replace(/\b\d+ (second|minute|hour|day)s? ago/g, '<age>')
    .replace(/\b\d+(\.\d+)? ?(ms|s)\b/g, '<span>')
    .replace(/ {2,}/g, '  ')
    .split('\n')
  const listed = (line: string | undefined) =>
    /^(?:[*! ] \w{4} | \* new {2}refs\/amp\/sessions\/\w{12})(.*)$/.exec(line ?? '')?.[1]
  for (let start = 0; start < lines.length; start++) {
    let end = start
    while (listed(lines[end]) !== undefined) end++
    const some = lines.slice(start, end).sort((a, b) => ((listed(a) ?? '') < (listed(b) ?? '') ? -1 : 1))
    lines.splice(start, some.length, ...some)
    start = end
  }
  return lines
}

/** The fresh text with the page's ids and object ids where it has others of the same length in the same place. */
function aligned(fresh: string, text: string): string[] {
  const heads = (all: string) =>
    new Set(
      words(all)
        .filter((word) => ids.test(word))
        .map((word) => word.slice(0, 4)),
    )
  const [ours, theirs] = [heads(fresh), heads(text)]
  const isAlike = (a: string, b: string) =>
    (ids.test(a) && ids.test(b)) || (oids.test(a) && oids.test(b)) || (ours.has(a) && theirs.has(b))
  const wanted = timeless(text)
  return timeless(fresh).map((line, at) => {
    const other = words(wanted[at] ?? '')
    return words(line)
      .map((word, place) => (isAlike(word, other[place] ?? '') ? other[place] : word))
      .join('')
  })
}

/** Commands of the page that end with a plain no: tests that fail, a conflict. */
const noes = ['git amp iterate shout', 'git amp conflicts', 'git amp rebase shout-on-demand']

test('a day with git-amp is as the page tells', { timeout: 120_000 }, () => {
  const s = world()
  const text = readFileSync(page, 'utf8')
  const failed: string[] = []
  let commands = 0
  const fresh = text.replace(/(?<=^```console\n).*?(?=^```$)/gms, (block) =>
    block
      .split('\n')
      .filter((line) => line.startsWith('$ '))
      .map((line) => {
        const command = line.slice(2)
        commands++
        // As on a terminal: the answer and the story in one.
        const how = { cwd: s.dir, env: s.env as NodeJS.ProcessEnv, encoding: 'utf8' } as const
        const { status, stdout } = spawnSync('bash', ['-c', `{ ${command}; } 2>&1`], how)
        if (status !== 0) failed.push(`${command}: ${status}`)
        return `${line}\n${stdout.replaceAll(s.dir, told)}`
      })
      .join(''),
  )
  if (process.env.UPDATE_DAY !== undefined) writeFileSync(page, fresh)
  expect(failed).toEqual(noes.map((command) => `${command}: 1`))
  expect(commands).toBeGreaterThan(30)
  expect(aligned(fresh, text)).toEqual(timeless(text))
})

test('the comparison can fail', () => {
  const same = (a: string, b: string) => JSON.stringify(aligned(a, b)) === JSON.stringify(timeless(b))
  expect(same('main: 018d4ff88245 -> e32246b94924', 'main: 118d4ff88245 -> abcdefabcdef')).toBe(true)
  expect(same('k7m2abcdefgh\nk7m2 name', 'zzzzzzzzzzzz\nzzzz name')).toBe(true)
  expect(same('k7m2 name', 'zzzz name')).toBe(false)
  expect(same('1 file +1 -1, tests pass', '1 file +1 -1, tests fail')).toBe(false)
  expect(same('merged a into main', 'merged b into main')).toBe(false)
})
