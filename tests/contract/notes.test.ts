import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { notesRef } from '../../src/state/names.js'
import { type NoteLine, prepareNotes } from '../../src/state/notes.js'
import type { Oid } from '../../src/state/storage.js'
import { fixedWriter } from '../helpers/repository.js'
import { type Background, backgrounds, codeCommit, expectSound } from './backgrounds.js'

const line = (n: number, rest = 'title', id = '4kz9w2m7qhtc') => `Session ${id} (fix), iteration ${n} by shell: ${rest}`

describe.each(backgrounds)('notes: $name', ({ open }) => {
  let at: Background
  let commit: Oid
  beforeEach(async () => {
    at = await open()
    commit = await codeCommit(at.stores, 'code')
    await at.stores.refs.update([{ ref: 'refs/heads/topic', old: null, new: commit }], 'test')
  })
  afterEach(() => at.close())

  /** Writes the lines; false when there was nothing to write. */
  const note = async (...lines: NoteLine[]): Promise<boolean> => {
    const change = await prepareNotes(at.stores, fixedWriter(), lines)
    if (change !== null) await at.stores.refs.update([change], 'test')
    at.pack()
    return change !== null
  }
  /** All notes as git finds them, without git: fan-out of any depth. */
  const all = async (): Promise<Record<string, string>> => {
    const tip = await at.stores.refs.read(notesRef)
    const found: Record<string, string> = {}
    const walk = async (tree: Oid, path: string): Promise<void> => {
      for (const entry of (await at.stores.objects.readTree(tree)) ?? []) {
        if (entry.mode === '40000') await walk(entry.oid, path + entry.name)
        else found[path + entry.name] = Buffer.from((await at.stores.objects.readBlob(entry.oid)) ?? []).toString()
      }
    }
    await walk((await at.stores.objects.readCommit(tip ?? ''))?.tree ?? '', '')
    return found
  }
  const treeOf = async () => (await at.stores.objects.readCommit((await at.stores.refs.read(notesRef)) ?? ''))?.tree

  test('lines are added, replaced by key, and in a stable order', async () => {
    await note({ commit, line: line(2) })
    await note({ commit, line: line(1, 'first') }, { commit, line: line(1, 'other', '0000000000zz') })
    await note({ commit, line: line(10) })
    await note({ commit, line: line(1, 'tests pass: again') })
    const wanted = [line(1, 'other', '0000000000zz'), line(1, 'tests pass: again'), line(2), line(10)]
    expect(await all()).toEqual({ [commit]: `${wanted.join('\n')}\n` })
    if (at.hash === 'sha1') expect(await treeOf()).toBe(trees.replaced)
    if (at.git !== null) {
      expect(at.git('notes', '--ref=amp', 'show', commit).split('\n')).toEqual(wanted)
      expect(at.git('log', '--notes=amp', '-1', '--format=%N', 'topic').trim().split('\n')).toEqual(wanted)
    }
    await expectSound(at)
  })

  test('what the notes say already is not written again', async () => {
    expect(await note({ commit, line: line(1) })).toBe(true)
    const before = await at.stores.refs.read(notesRef)
    expect(await note({ commit, line: line(1) })).toBe(false)
    expect(await at.stores.refs.read(notesRef)).toBe(before)
  })

  test('lines of others stay, however they are written', async () => {
    const foreign = ['Reviewed-by: é <e@x>', 'Session of mine, iteration 3 by hand', '  indented']
    await note(...foreign.map((text) => ({ commit, line: text })))
    await note({ commit, line: line(1) })
    await note({ commit, line: line(1, 'new') })
    expect((await all())[commit]?.split('\n')).toEqual([...foreign, line(1, 'new'), ''])
  })

  test('a stale notes ref is told, and no line is lost on the second try', async () => {
    const change = await prepareNotes(at.stores, fixedWriter(), [{ commit, line: line(1) }])
    await note({ commit, line: line(2) })
    expect(change).not.toBeNull()
    if (change !== null)
      await expect(at.stores.refs.update([change], 'test')).rejects.toThrow('moved meanwhile: refs/notes/amp')
    await note({ commit, line: line(1) })
    expect(await all()).toEqual({ [commit]: `${line(1)}\n${line(2)}\n` })
  })

  test('notes that cannot be read are named, not written over', async () => {
    const missing = '12'.repeat(commit.length / 2)
    at.plant(notesRef, `${missing}\n`)
    const broken = `${notesRef} is broken: its object ${missing} is missing`
    await expect(note({ commit, line: line(1) })).rejects.toThrow(broken)
    await at.stores.refs.update([{ ref: notesRef, old: missing, new: null }], 'test')
    const before = await at.stores.objects.readCommit(commit)
    if (before === null) throw new Error('missing')
    const tree = await at.stores.objects.writeTree([{ mode: '40000', name: commit.slice(0, 2), oid: missing }])
    const tip = await at.stores.objects.writeCommit({ ...before, tree })
    await at.stores.refs.update([{ ref: notesRef, old: null, new: tip }], 'test')
    await expect(note({ commit, line: line(1) })).rejects.toThrow(broken)
  })

  test('notes of many commits share fans', async () => {
    const commits = Array.from(
      { length: 40 },
      (_, index) => `${index % 2 === 0 ? 'ab' : 'cd'}${String(index).padStart(commit.length - 2, '0')}`,
    )
    await note(...commits.map((oid, index) => ({ commit: oid, line: line(index) })))
    const read = await all()
    expect(Object.keys(read).sort()).toEqual([...commits].sort())
    expect(commits.map((oid) => read[oid])).toEqual(commits.map((_, index) => `${line(index)}\n`))
    if (at.hash === 'sha1') expect(await treeOf()).toBe(trees.many)
  })

  test('notes made by git are kept: flat ones', async () => {
    if (at.git === null) return expect(at.stores).toBeDefined()
    at.git('notes', '--ref=amp', 'add', '-m', 'by hand\n\nsecond paragraph', commit)
    await note({ commit, line: line(1) })
    expect(at.git('notes', '--ref=amp', 'show', commit)).toBe(`by hand\n\nsecond paragraph\n${line(1)}`)
    at.git('notes', '--ref=amp', 'append', '-m', 'appended', commit)
    await note({ commit, line: line(1, 'again') })
    expect(at.git('notes', '--ref=amp', 'show', commit)).toBe(
      `by hand\n\nsecond paragraph\n\nappended\n${line(1, 'again')}`,
    )
    await expectSound(at)
  })
})

describe.each(backgrounds.filter(({ name }) => !name.includes('memfs')))(
  'notes with the fan-out of git: $name',
  ({ open }) => {
    let at: Background
    beforeEach(async () => {
      at = await open()
    })
    afterEach(() => at.close())

    test('300 notes stay readable for git, each once', async () => {
      const git = at.git
      if (git === null) throw new Error('a repository is needed')
      const stamp = 'committer A <a@b> 1800000000 +0000\ndata 2\nx\n'
      at.import(Array.from({ length: 300 }, () => `commit refs/heads/many\n${stamp}\n`).join(''))
      const commits = git('log', '--format=%H', 'many').split('\n')
      const notes = commits.map((oid, index) => `N inline ${oid}\ndata <<E\nnote ${index}\nE\n`).join('')
      at.import(`commit ${notesRef}\n${stamp}${notes}`)
      expect(git('ls-tree', notesRef).split('\n').length).toBeGreaterThan(100)
      const [first = '', second = ''] = commits
      for (const oid of [first, second]) {
        const change = await prepareNotes(at.stores, fixedWriter(), [{ commit: oid, line: line(1) }])
        if (change !== null) await at.stores.refs.update([change], 'test')
      }
      expect(git('notes', '--ref=amp', 'list').split('\n').length).toBe(300)
      expect(git('notes', '--ref=amp', 'show', first)).toBe(`note 0\n${line(1)}`)
      expect(git('notes', '--ref=amp', 'show', second)).toBe(`note 1\n${line(1)}`)
      expect(git('notes', '--ref=amp', 'show', commits[299] ?? '')).toBe('note 299')
      // git writes the tree anew, in a fan-out of its own.
      git('notes', '--ref=amp', 'remove', second)
      expect(git('notes', '--ref=amp', 'show', first)).toBe(`note 0\n${line(1)}`)
      await expectSound(at)
    })
  },
)

/** A change of these is a change of the format: two clones would no longer write the same notes. */
const trees = {
  replaced: '0fa882107d9ab5e71ea36ac71e96d93155aea505',
  many: '34aabfc1a027dae1f8cfe3d5046946f06a83ebb3',
}
