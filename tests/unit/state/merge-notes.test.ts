import { beforeEach, describe, expect, test } from 'vitest'
import { joinNotes, withoutForgotten } from '../../../src/state/merge-notes.js'
import { notesRef } from '../../../src/state/names.js'
import { type NoteLine, prepareNotes } from '../../../src/state/notes.js'
import type { Oid } from '../../../src/state/storage.js'
import { memoryRepository } from '../../helpers/memory.js'
import { Replica, sharedObjects } from '../../helpers/replicas.js'
import { fixedWriter } from '../../helpers/repository.js'

const [a, b] = ['a'.repeat(40), `ab${'b'.repeat(38)}`]
const line = (id: string, n: number, rest: string) => `Session ${id} (s), iteration ${n} by shell${rest}: x`
const [one, two] = ['aaaaaaaaaaaa', 'bbbbbbbbbbbb'] as [string, string]
let at: Replica

beforeEach(() => {
  at = new Replica('at', sharedObjects(memoryRepository().stores.objects))
})

/** Notes on top of others. */
async function notes(on: Oid | null, ...lines: NoteLine[]): Promise<Oid> {
  if (on === null) at.refs.all.delete(notesRef)
  else at.refs.all.set(notesRef, on)
  return (await prepareNotes(at, fixedWriter(), lines))?.new ?? ''
}

async function textOf(tip: Oid, commit: Oid): Promise<string> {
  const root = await at.objects.readTree((await at.objects.readCommit(tip))?.tree ?? '')
  const fan = await at.objects.readTree(root?.find((entry) => entry.name === commit.slice(0, 2))?.oid ?? '')
  const blob = fan?.find((entry) => entry.name === commit.slice(2))?.oid
  return blob === undefined ? '' : Buffer.from((await at.objects.readBlob(blob)) ?? []).toString('utf8')
}

describe('notes of two clones', () => {
  test('are joined line by line, the same by whoever joins them', async () => {
    const base = await notes(null, { commit: a, line: line(one, 1, '') }, { commit: a, line: 'from somebody' })
    const ours = await notes(
      base,
      { commit: a, line: line(one, 1, ', tests pass') },
      { commit: b, line: line(one, 2, '') },
    )
    const theirs = await notes(base, { commit: a, line: line(two, 1, '') }, { commit: a, line: 'and another' })
    const forgotten = new Set<string>()
    const joined = await joinNotes(at, { tips: [ours, theirs], base, forgotten })
    expect(await joinNotes(at, { tips: [theirs, ours], base, forgotten })).toBe(joined)
    expect((await textOf(joined, a)).split('\n').sort()).toEqual(
      ['', 'from somebody', 'and another', line(one, 1, ', tests pass'), line(two, 1, '')].sort(),
    )
    expect(await textOf(joined, b)).toBe(`${line(one, 2, '')}\n`)
    // One line that both changed: the same choice on both sides, and nothing twice.
    const pass = await notes(base, { commit: a, line: line(one, 1, ', tests pass') })
    const fail = await notes(base, { commit: a, line: line(one, 1, ', tests fail') })
    const both = await joinNotes(at, { tips: [pass, fail], base, forgotten })
    expect(await joinNotes(at, { tips: [fail, pass], base, forgotten })).toBe(both)
    expect((await textOf(both, a)).match(/iteration 1/g)?.length).toBe(1)
    // Unrelated ones are a plain union.
    const alone = await notes(null, { commit: b, line: line(two, 1, '') })
    expect(await textOf(await joinNotes(at, { tips: [ours, alone], base: null, forgotten }), b)).toBe(
      `${line(one, 2, '')}\n${line(two, 1, '')}\n`,
    )
  })

  test('lose the lines of a forgotten session and nothing else', async () => {
    const tip = await notes(
      null,
      { commit: a, line: line(one, 1, '') },
      { commit: a, line: line(two, 1, '') },
      { commit: b, line: line(one, 2, '') },
    )
    const without = (await withoutForgotten(at, tip, new Set([one]))) ?? ''
    expect(await textOf(without, a)).toBe(`${line(two, 1, '')}\n`)
    expect(await textOf(without, b)).toBe('')
    expect(await withoutForgotten(at, without, new Set([one]))).toBe(null)
    expect(await withoutForgotten(at, tip, new Set([one]))).toBe(without)
    const joined = await joinNotes(at, { tips: [tip, without], base: null, forgotten: new Set([one]) })
    expect(await textOf(joined, a)).toBe(`${line(two, 1, '')}\n`)
  })
})
