import { beforeEach, describe, expect, it } from 'vitest'
import { registry } from '../../src/registry.js'
import { renderOverview } from '../../src/render/help.js'
import { advice } from '../../src/util/advice.js'
import { textWidth } from '../../src/util/width.js'
import { install } from '../helpers/bundle.js'
import { type Scene, scene } from '../helpers/scene.js'
import { Terminal } from '../helpers/terminal.js'

// How answers look on a real terminal, and what the configuration changes about it.

let s: Scene
beforeEach(async () => {
  s = install(scene())
  s.commit({ a: '1\n' })
  await s.session('fix-parser', {
    prompt: 'Handle nested quotes, escapes, 括弧 and 🎉 in every literal that the parser knows',
  })
  await s.session('docs', { prompt: '文書の誤字をなおす。全角の文字が並ぶとても長い題名はここで切られるはずです' })
})

/** What a command writes on a terminal of a size. */
async function shown(command: string, options: { columns?: number } = {}): Promise<Terminal> {
  const terminal = new Terminal(s, `${command}; echo "ended $?"`, { rows: 50, ...options })
  await terminal.ended
  expect(terminal.screen.text()).toContain('ended 0')
  return terminal
}

const esc = '\u001b'

describe('widths', () => {
  it.each([80, 200])('a list fits %d columns, and its columns stand below one another', async (columns) => {
    const { screen } = await shown('git amp list', { columns })
    const [first = '', second = ''] = screen.text().split('\n')
    for (const line of [first, second]) expect(textWidth(line)).toBeLessThanOrEqual(columns)
    expect(first.indexOf('idle')).toBe(second.indexOf('idle'))
    expect(first.indexOf('iter')).toBe(second.indexOf('iter'))
    expect([first, second].some((line) => line.endsWith('…'))).toBe(columns === 80)
  })

  it('piped, nothing is cut or coloured', async () => {
    const { screen, output } = await shown('git amp list | cat')
    expect(screen.text()).toContain('in every literal that the parser knows')
    expect(output).not.toContain(esc)
  })
})

describe('colours', () => {
  it.each([
    ['on a terminal', 'git amp list', true],
    ['not with NO_COLOR', 'NO_COLOR=1 git amp list', false],
    ['NO_COLOR without a value says nothing', 'NO_COLOR= git amp list', true],
    ['not on a dumb terminal', 'TERM=dumb git amp list', false],
    ['not with color.ui', 'git -c color.ui=false amp list', false],
    ['color.amp counts more than color.ui', 'git -c color.ui=false -c color.amp=auto amp list', true],
    ['not with color.amp', 'git -c color.amp=never amp list', false],
    ['always, in a pipe', 'git -c color.amp=always amp list | cat', true],
    ['not of themselves in a pipe', 'git -c color.amp=auto amp list | cat', false],
  ])('%s', async (_, command, isColoured) => {
    expect((await shown(command)).output.includes(`${esc}[33m`)).toBe(isColoured)
  })

  it('of a slot are those of the configuration', async () => {
    const { output } = await shown('git -c color.amp.id="bold #ff8000" amp list')
    expect(output).toContain(`${esc}[1;38;2;255;128;0m`)
  })
})

describe('pager.amp', () => {
  it('is git’s: its pager gets all, with the colours and the width of the terminal', async () => {
    const { output, screen } = await shown('git -c pager.amp="sed s/^/P:/" amp list', { columns: 70 })
    const lines = screen
      .text()
      .split('\n')
      .filter((line) => line.startsWith('P:'))
    expect(lines).toHaveLength(2)
    expect(output).toContain(`${esc}[33m`)
    for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(72)
    const off = await shown('git -c pager.amp=false -c core.pager="sed s/^/P:/" amp help new')
    expect(off.screen.text()).not.toContain('P:')
  })
})

describe('column.amp', () => {
  const labels = ['alpha', 'beta', 'gamma', 'delta']
  beforeEach(async () => void (await s.amp('label', 'docs', ...labels)))

  it.each([
    ['nothing', 'git amp label docs', false],
    ['auto', 'git -c column.amp=auto amp label docs', true],
    ['auto in a pipe', 'git -c column.amp=auto amp label docs | cat', false],
    ['column.ui', 'git -c column.ui=auto amp label docs', true],
    ['never above column.ui', 'git -c column.ui=auto -c column.amp=never amp label docs', false],
    ['always in a pipe', 'git -c column.amp=always,dense amp label docs | cat', true],
    ['no layout at all', 'git -c column.amp=nonsense amp label docs', false],
  ])('%s', async (_, command, isInColumns) => {
    const lines = (await shown(command)).screen.text().split('\n')
    expect(lines.some((line) => /alpha +beta +delta +gamma/.test(line))).toBe(isInColumns)
    if (!isInColumns) expect(lines).toEqual(expect.arrayContaining(labels))
  })

  it('lays a list of one field out, and leaves scripts alone', async () => {
    const format = `amp list --sort name --format '%(slug)'`
    expect((await shown(`git -c column.amp=auto ${format}`)).screen.text()).toMatch(/^docs +fix-parser\n/)
    expect((await shown(`git -c column.amp=always ${format} | cat`)).screen.text()).toMatch(/^docs\nfix-parser\n/)
  })
})

describe('advice', () => {
  it('is told, and each kind can be switched off', async () => {
    const told = await s.amp('new', 'x', '--agent', 'shell', '-m', 'true')
    expect(told.stderr).toMatch(/^hint: /m)
    s.git('config', 'advice.ampNew', 'false')
    const quiet = await s.amp('new', 'y', '--agent', 'shell', '-m', 'true')
    expect(quiet.stderr).not.toMatch(/^hint: /m)
  })

  it('is listed in the manual, kind by kind', () => {
    const page = renderOverview(registry)
    for (const name of Object.keys(advice)) expect(page).toContain(`    advice.${name}\n`)
  })
})
