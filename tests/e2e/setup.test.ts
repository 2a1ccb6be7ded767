import { describe, expect, it } from 'vitest'
import { install } from '../helpers/bundle.js'
import { scene } from '../helpers/scene.js'

describe('a setup in the background', () => {
  it('goes on when the command has ended, and ends as one that was waited for', async () => {
    const s = install(scene())
    s.git('config', 'amp.setupMode', 'background')
    s.git(
      'config',
      'amp.setup',
      'until test -e "$GIT_AMP_MAIN/../go"; do sleep 0.05; done; echo over >made; exit $(cat "$GIT_AMP_MAIN/../go")',
    )
    const id = s.git('amp', 'new', 'a', '-m', 'true', '--agent', 'shell', '-q')
    const list = () => s.git('amp', 'list')
    await s.until(() => list().includes('setup runs'))
    expect(s.exists('made', s.worktree(id))).toBe(false)
    s.write({ '../go': '1\n' })
    await s.until(() => list().includes('setup failed'))
    expect([s.read('made', s.worktree(id)), s.git('amp', 'show', id).includes('failed with exit code 1')]).toEqual([
      'over\n',
      true,
    ])
    s.write({ '../go': '0\n' })
    s.git('amp', 'setup', id, '-q')
    expect(list()).toMatch(/ idle /)
  })
})
