import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { plain } from '../helpers/run.js'
import { type Scene, scene } from '../helpers/scene.js'

const hostile = '</pre></script><script>alert(1)</script><img src=x onerror=alert(2)>"\' ```` & \u001b[31m \u202e'

/** A session of two iterations, a commit of a person, tests, and names that are not nice. */
async function told(): Promise<{ s: Scene; id: string }> {
  const s = scene()
  writeFileSync(join(s.root, 'said'), `${hostile}\n`)
  const script = `cat '${join(s.root, 'said')}'; printf 'one\\n<b>two</b>\\n' >'a <b>.html'; cat '${join(s.root, 'said')}' >said.txt`
  const id = await s.session('fix <b>', {
    prompt: `${script} # ${hostile}`,
    args: ['--test', 'echo tested "<i>"; test -f b.txt'],
  })
  await s.amp('iterate', id)
  s.commit({ 'own.txt': 'mine\n' }, 'Own <commit>', s.worktree(id))
  await s.iterate(id, 'echo 2 >b.txt')
  return { s, id }
}

describe('git amp export --format md', () => {
  it('tells prompt, iterations, tests, conversation and diffs', async () => {
    const s = scene()
    const id = await s.session('fix', { prompt: 'echo hello; echo 1 >a.txt', args: ['--test', 'echo tested; false'] })
    await s.amp('iterate', id)
    s.commit({ 'own.txt': 'mine\n' }, 'Own', s.worktree(id))
    const answer = await s.amp('export', id, '--format', 'md')
    expect(answer).toMatchObject({ code: 0, stderr: '' })
    const page = plain(answer.stdout, s.root)
      .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, '<when>')
      .replace(/\b[0-9a-hjkmnp-tv-z]{12}\b/g, (word) => (word === id ? '<id>' : word))
      .replace(/index [0-9a-f]+\.\.[0-9a-f]+/g, 'index <a>..<b>')
      .replace(/tests fail, [^\n]*/g, 'tests fail, <took>')
      .replace(/\| \b[0-9a-f]{12} \|/g, '| <oid12> |')
      .replace(/main at [0-9a-f<>oid12]+/g, 'main at <oid12>')
    expect(page).toMatchInlineSnapshot(`
      "# fix

      |  |  |
      | --- | --- |
      | Session | <id> |
      | State | idle |
      | Agent | shell |
      | Branch | amp/fix/<time> |
      | Base | main at <oid12> |
      | Changes | 2 files +2 -0 |
      | Tests | fail |
      | Started | <when> UTC by A U Thor &lt;author@example.com> |

      ## Prompt

      \`\`\`text
      echo hello; echo 1 >a.txt
      \`\`\`

      ## Iteration 1

      shell, <when> UTC

      success, 1 file +1 -0, tests fail, <took>

      ### Answer

      \`\`\`text
      hello
      \`\`\`

      ### Tests

      \`\`\`text
      tested
      \`\`\`

      ### Conversation

      \`\`\`text
      hello
      \`\`\`

      ### Diff

      \`\`\`diff
      diff --git a/a.txt b/a.txt
      new file mode 100644
      index <a>..<b>
      --- /dev/null
      +++ b/a.txt
      @@ -0,0 +1 @@
      +1
      \`\`\`

      ## Commits of people

      | Commit | Subject | By | At |
      | --- | --- | --- | --- |
      | <oid12> | Own | A U Thor &lt;author@example.com> | <when> |

      ## Changed files

      |  | File | Lines |
      | --- | --- | --- |
      | A | a.txt | \\+1 -0 |
      | A | own.txt | \\+1 -0 |

      ## All changes

      \`\`\`diff
      diff --git a/a.txt b/a.txt
      new file mode 100644
      index <a>..<b>
      --- /dev/null
      +++ b/a.txt
      @@ -0,0 +1 @@
      +1
      diff --git a/own.txt b/own.txt
      new file mode 100644
      index <a>..<b>
      --- /dev/null
      +++ b/own.txt
      @@ -0,0 +1 @@
      +mine
      \`\`\`

      "
    `)
  })

  it('what others wrote stays between fences and escapes', async () => {
    const { s, id } = await told()
    const { stdout } = await s.amp('export', id, '--format', 'md')
    const outside = stdout.replace(/^(`{3,})\w+\n[\s\S]*?\n\1$/gm, '')
    expect(outside).not.toMatch(/<(?!br)/)
    expect(outside).toContain('# fix &lt;b>')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(stdout).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/)
    expect(stdout).toContain('\\x1b[31m \\u202e')
    expect(stdout).toContain('+<b>two</b>')
  })
})

describe('git amp export --format html', () => {
  it('is a page of its own in which nothing of others is more than text', async () => {
    const { s, id } = await told()
    expect((await s.amp('export', id, '--out', '../a.html')).code).toBe(0)
    const page = s.read('a.html', s.root)
    expect(page).not.toMatch(/<(script|img|iframe|link(?! rel="icon" href="data:,")|base|object)/i)
    expect(page).not.toMatch(/<[^>]*\b(?:src|srcset|on[a-z]+)=|url\(|@import/i)
    expect(page.match(/https?:/g)).toBe(null)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(page).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/)
    expect(page).toContain('<h1>fix &lt;b&gt;</h1>')
    expect(page).toContain('<ins>+&lt;b&gt;two&lt;/b&gt;</ins>')
    expect(page).toContain('Own &lt;commit&gt;')
    expect(page).toContain('tested &lt;i&gt;')
    expect(page).toContain('<summary>Conversation</summary>')
    expect(page).toContain('All changes')
    for (const tag of ['section', 'details', 'pre', 'table', 'div', 'dl']) {
      expect([tag, page.match(new RegExp(`<${tag}\\b`, 'g'))?.length]).toEqual([
        tag,
        page.match(new RegExp(`</${tag}>`, 'g'))?.length,
      ])
    }
  })

  it('leaves the conversation out when it is not wanted', async () => {
    const { s, id } = await told()
    const quiet = (await s.amp('export', id, '--format', 'html', '--no-conversation')).stdout
    expect(quiet).not.toContain('Conversation')
    expect((await s.amp('export', id, '--format', 'md', '--no-conversation')).stdout).not.toContain('### Conversation')
  })

  it('works for a session without iterations, and after its merge', async () => {
    const s = scene()
    const id = await s.session('new', { prompt: 'echo 1 >a.txt' })
    expect((await s.amp('export', id, '--format', 'html')).stdout).toContain('</html>')
    await s.amp('iterate', id)
    expect((await s.amp('merge', id)).code).toBe(0)
    const { stdout } = await s.amp('export', id, '--format', 'md')
    expect(stdout).toContain('merged into main')
    expect(stdout).toContain('+++ b/a.txt')
  })
})
