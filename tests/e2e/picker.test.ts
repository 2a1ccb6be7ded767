import { beforeEach, describe, expect, it } from 'vitest'
import { install } from '../helpers/bundle.js'
import { type Scene, scene } from '../helpers/scene.js'
import { Terminal } from '../helpers/terminal.js'

// On a real pseudo-terminal: without a session, the user chooses one.

let s: Scene
beforeEach(async () => {
  s = install(scene())
  s.commit({ a: '1\n' })
  await s.session('fix-parser', { prompt: 'Handle (nested) quotes' })
  const id = await s.session('docs-typos', { prompt: '文書 🎉 \u001b[31mtypos' })
  // The one that changed last is the first.
  await s.ampWith({ now: () => new Date(Date.now() + 5000) }, 'label', id, 'late')
})

const start = (command: string, options = {}) => new Terminal(s, `${command}; echo "ended $?"; stty -a`, options)

describe('a session that is not named', () => {
  it('is chosen by a few letters', async () => {
    const terminal = start('git amp path')
    await terminal.shows(/Which session\?\n[> ] \w{4} {2}docs-typos {2}idle .*文書 🎉 typos\n[> ] \w{4} {2}fix-parser/)
    terminal.type('fxp')
    await terminal.shows(/session\? fxp\n> \w{4} {2}fix-parser .*\n*$/)
    terminal.type('\r')
    expect(await terminal.ended).toBe(0)
    const id = s.git('for-each-ref', '--format=%(refname:lstrip=3) %(contents:subject)', 'refs/amp/sessions')
    const [, fix] = /^(\w+) amp\(fix-parser\)/m.exec(id) ?? []
    await terminal.shows(new RegExp(`session\\? ${fix?.slice(0, 4)} fix-parser\n${s.worktree(fix ?? '')}\nended 0\n`))
    expect(terminal.output).not.toContain('\x1b[31m')
  })

  it('by the arrows, and only its id is the answer of a command', async () => {
    const terminal = start('echo "to $(git amp path)"')
    await terminal.shows('> ')
    terminal.type('\x1b[B')
    await terminal.shows(/\n> \w{4} {2}fix-parser/)
    terminal.type('\r')
    await terminal.shows(/\nto \/.*\/\.worktrees\/\w{12}\nended 0/)
  })

  it.each([
    ['Esc', '\x1b'],
    ['Ctrl-C', '\x03'],
  ])('%s leaves with 130, and nothing is done', async (_, key) => {
    const before = s.refs()
    const terminal = start('git amp remove -D')
    await terminal.shows('> ')
    terminal.type(key)
    await terminal.shows('ended 130')
    expect(await terminal.ended).toBe(0)
    // Keys are echoed and lines edited again, and the cursor is there.
    expect(terminal.output).toMatch(/ icanon .* echo /s)
    expect(terminal.screen.isCursorHidden).toBe(false)
    expect(s.refs()).toBe(before)
  })

  it('takes any key for a letter, and does not take what is not there', async () => {
    const terminal = start('git amp path')
    await terminal.shows('> ')
    terminal.type('([*\\')
    await terminal.shows('session? ([*\\\n  (no session has these letters)')
    terminal.type('\r\x10\x12\x07')
    terminal.type('\x7f\x7f\x7f')
    await terminal.shows(/session\? \(\n> \w{4} {2}fix-parser/)
    terminal.type('\r')
    await terminal.shows('ended 0')
  })

  it('is asked for once, and rows fit a narrow terminal', async () => {
    const terminal = start('git amp rebase -n', { columns: 40, rows: 6 })
    await terminal.shows('> ')
    for (const line of terminal.screen.text().split('\n')) expect([...line].length).toBeLessThan(40)
    terminal.type('\r')
    await terminal.shows('ended 0')
    expect(terminal.output.match(/Which session\? \w{4} /g)).toHaveLength(1)
  })

  it('is offered among those that the command is about', async () => {
    await s.amp('pause', 'fix-parser')
    const resumes = start('git amp resume')
    await resumes.shows('> ')
    expect(resumes.screen.text()).toMatch(/\?\n> \w{4} {2}fix-parser {2}paused .*quotes\n*$/)
    resumes.type('\x03')
    await resumes.shows('ended 130')
  })

  it('is an error where nobody can choose, or there is none', async () => {
    for (const command of ['git amp show </dev/null', 'git amp show 2>&1 | cat']) {
      const terminal = start(command)
      await terminal.shows('fatal: no session given, and this is not the worktree of one')
      await terminal.ended
    }
    await s.amp('remove', '-D', '-f', 'fix-parser', 'docs-typos')
    const closed = start('git amp show')
    await closed.shows(/Which session\?\n> \w{4} {2}.* closed/)
    closed.type('\x1b')
    await closed.shows('ended 130')
    const empty = install(scene())
    const none = new Terminal(empty, 'git amp show; echo "ended $?"')
    await none.shows('ended 128')
  })
})
