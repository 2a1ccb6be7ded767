import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { specOf } from '../../src/cli/describe.js'
import { renderMan } from '../../src/render/man.js'
import { MakeToy } from '../unit/cli/toys.js'

const folder = resolve(import.meta.dirname, '../../man')
const pages = readdirSync(folder).map((name) => resolve(folder, name))

/** What a program says about pages on its standard output or standard error. */
function complaints(program: string, args: string[], input?: string): string {
  const script = `"$0" "$@" 2>&1 >/dev/null`
  const env = { ...process.env, LC_ALL: 'C.UTF-8', MANROFFSEQ: '', MANWIDTH: '80' }
  try {
    return execFileSync('sh', ['-c', program === 'mandoc' ? '"$0" "$@" 2>&1' : script, program, ...args], {
      env,
      input,
      encoding: 'utf8',
    })
  } catch (error) {
    const { status, stdout } = error as { status: number; stdout: string }
    if (status === 127) throw new Error(`${program} is not installed. "bash .ci/run" installs what the tests need.`)
    return `${stdout}exit ${status}`
  }
}

test('mandoc finds nothing wrong', () => {
  expect(pages.length).toBeGreaterThan(1)
  expect(complaints('mandoc', ['-Tlint', '-W', 'warning', ...pages])).toBe('')
})

test.each(pages)('man warns of nothing in %s', (page) => {
  expect(complaints('man', ['--warnings', '-E', 'UTF-8', '-l', '-Tutf8', '-Z', page])).toBe('')
})

test('the check can fail', () => {
  expect(complaints('mandoc', ['-Tlint', '-W', 'warning'], '.TH X 1 "2026-01-01"\n.SH NAME\n.PP\n\\fCx\n')).toContain(
    'WARNING',
  )
})

test('a page is what mandoc reads in it', () => {
  const page = renderMan({
    ...specOf(MakeToy),
    details: `
      .dots and 'quotes' at the start, back\\slash, \`--a-b\`, ~ and ^.

      - one *item*
      - another, which goes on
        in a second line

          .code 'as it is'  \\n
            --indented

      ## Exit status

      After a heading.
    `,
  })
  const text = execFileSync('mandoc', ['-Tutf8', '-O', 'width=72'], { input: page, encoding: 'utf8' })
  expect(complaints('mandoc', ['-Tlint', '-W', 'warning'], page)).toBe('')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: bold is overstruck
  expect(text.replace(/.\u0008/g, '')).toMatchInlineSnapshot(`
    "GIT-AMP-MAKE(1)              Git Amp Manual              GIT-AMP-MAKE(1)

    NAME
           git-amp-make - Make a toy

    SYNOPSIS
           git amp make [<options>] [<wood>]
           git amp mk [<options>] [<wood>]

    DESCRIPTION
           .dots and 'quotes' at the start, back\\slash, --a-b, ~ and ^.

           • one item

           • another, which goes on in a second line

               .code 'as it is'  \\n
                 --indented

    EXIT STATUS
           After a heading.

    OPTIONS
           -m, --message <text>
                  Words painted on it.

           -F, --file <file>
                  Read the words from a file.

           -n, --count <n>
                  How many.

           --messy
                  Leave the shavings.

           --no-paint
                  Leave it plain.

           -e, --edit
                  Open the editor.

           --state (open|done)
                  Only toys in this state, the maker's word.

           --onto <rev>
                  Put it on that shelf.

           -p, --push[=<remote>]
                  Give it away.

           --repo <dir>
                  Work in this repository, as "git -C <dir>" does.

           -q, --quiet
                  Print only the answer, no progress and no hints.

    EXAMPLES
           Make one quickly:

               git amp make -n2 car

    SEE ALSO
           git-amp(1)

    git-amp                        2026-01-01                GIT-AMP-MAKE(1)
    "
  `)
})
