import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Clones } from '../helpers/clones.js'
import { plain } from '../helpers/run.js'

/** A session whose test command and prompt leave a mark where they ran, and another clone. */
async function world() {
  const world = new Clones()
  const [home, there] = [world.home(), world.clone('there')]
  const [tested, prompted] = ['tested', 'prompted'].map((name) => join(world.scene.root, name)) as [string, string]
  const id = (
    await home.must(
      'new',
      'a',
      '--agent',
      'shell',
      '-q',
      '-m',
      `touch ${prompted}`,
      '--test',
      `echo ran >>${tested}; printf '\\033[31m'`,
    )
  ).trim()
  return { world, home, there, id, tested, prompted }
}

describe('git amp trust', () => {
  it('shows what a session from elsewhere would run, and nothing of it runs before', async () => {
    const {
      world: { scene },
      home,
      there,
      id,
      tested,
      prompted,
    } = await world()
    await home.must('sync')
    await there.must('sync')
    const refs = there.shared()
    for (const args of [
      ['iterate', id],
      ['iterate', id, '-m', 'echo 1 >a'],
      ['test', id],
      ['iterate', id, '--until-pass'],
      ['preflight', id, '--test'],
      ['merge', id, '--check', '--test'],
    ]) {
      const answer = await there.amp(...args)
      expect([args, answer.code === 0]).toEqual([args, false])
      expect([existsSync(tested), existsSync(prompted)]).toEqual([false, false])
    }
    expect(there.shared()).toBe(refs)
    const refused = await there.amp('test', id)
    expect(refused.code).toBe(1)
    expect(plain(refused.stderr, scene.root)).toMatchInlineSnapshot(`
      "error: session a was not started in this clone, and its test command is not approved
      hint: "git amp trust <short>" shows it, and approves it.
      "
    `)
    const shown = await there.amp('trust', id, '-n')
    expect(shown.code).toBe(0)
    expect(plain(shown.stdout, scene.root)).toMatchInlineSnapshot(`
      "Session <id> a, started by A U Thor <author@example.com>

      Test command:
          echo ran >>$ROOT/tested; printf '\\033[31m'

      Prompt, for the agent shell:
          touch $ROOT/prompted
      "
    `)
    expect((await there.amp('test', id)).code).toBe(1)
    expect(await there.amp('trust', id)).toMatchObject({ code: 0, stderr: 'Approved, in this clone.\n' })
    expect(
      there
        .git('config', '--local', '--get-all', 'amp.trusted')
        .split('\n')
        .every((line) => /^[0-9a-f]{64}$/.test(line)),
    ).toBe(true)
    await there.must('iterate', id)
    expect([existsSync(tested), existsSync(prompted)]).toEqual([true, true])
    expect((await there.amp('trust', id)).stderr).toBe('There is nothing to approve.\n')
    expect(there.shared()).not.toContain('amp.trusted')
  })

  it('asks on a terminal, and a no is no approval', async () => {
    const { home, there, id, tested } = await world()
    await home.must('sync')
    await there.must('sync')
    const no = await there.ampWith({ answers: 'n\n' }, 'trust', id)
    expect(no.code).toBe(1)
    expect(no.stderr).toContain('Approve, so that it may run here? [y/N]')
    expect((await there.amp('test', id)).code).toBe(1)
    expect(existsSync(tested)).toBe(false)
    expect((await there.ampWith({ answers: 'yes\n' }, 'trust', id)).code).toBe(0)
    await there.must('test', id)
    expect(existsSync(tested)).toBe(true)
  })

  it('counts for a session that was fetched by hand as well', async () => {
    const { home, there, id, tested, prompted } = await world()
    there.git('fetch', '-q', home.dir, 'refs/amp/*:refs/amp/*')
    for (const args of [
      ['iterate', id],
      ['test', id],
    ])
      expect((await there.amp(...args)).code).toBe(1)
    expect([existsSync(tested), existsSync(prompted)]).toEqual([false, false])
    // At home nobody has to approve what they wrote, and a setting is the user's own.
    await home.must('test', id)
    expect(existsSync(tested)).toBe(true)
    const plainOne = await home.session('b')
    there.git('fetch', '-q', home.dir, 'refs/amp/*:refs/amp/*')
    there.git('config', 'amp.test', 'true')
    expect((await there.amp('iterate', plainOne)).stderr).toContain("which the agent 'shell' runs")
    await there.must('iterate', plainOne, '-m', 'echo 1 >a')
    await there.must('test', plainOne, '-f')
  })

  it('is for these words in this session', async () => {
    const { home, there, id } = await world()
    await home.must('sync')
    await there.must('sync')
    await there.must('trust', id)
    const other = (await home.must('new', 'b', '--agent', 'shell', '-q', '-m', 'true', '--test', 'echo other')).trim()
    await home.must('sync')
    await there.must('sync')
    expect((await there.amp('test', other)).code).toBe(1)
    const json = JSON.parse((await there.amp('trust', other, '-n', '--json')).stdout)
    expect(json).toMatchObject({
      schema: 'git-amp/trust@1',
      session: other,
      items: [{ kind: 'test', text: 'echo other', isTrusted: false }, { kind: 'prompt' }],
    })
    await there.must('test', id)
  })
})
