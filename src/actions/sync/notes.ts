import { isAncestor, mergeBase } from '../../git/history.js'
import { BrokenState } from '../../state/codec.js'
import { joinNotes } from '../../state/merge-notes.js'
import { notesRef, tombstonesRef } from '../../state/names.js'
import { RefMoved } from '../../state/storage.js'
import { joinTombstones, readTombstones, type Tombstone } from '../../state/tombstones.js'
import { Refused } from '../../state/validate.js'
import type { Taking } from './incoming.js'
import { addCame } from './ledger.js'

/** Joins what other clones have forgotten with what was forgotten here. @returns all of it */
export async function takeTombstones(taking: Omit<Taking, 'forgotten'>): Promise<Tombstone[]> {
  const { repo, remote, ledger, looks } = taking
  for (;;) {
    const ours = await repo.refs.read(tombstonesRef)
    const theirs = await repo.refs.read(`${remote.tracking}/tombstones`)
    if (theirs === null || theirs === ours) return readTombstones(repo, ours)
    const entry = ledger.at(tombstonesRef, { kind: 'tombstones', id: tombstonesRef })
    try {
      const joined = await joinTombstones(repo, { ours, theirs }, looks.look)
      if (joined !== ours && !taking.isDryRun) {
        await repo.refs.update([{ ref: tombstonesRef, old: ours, new: joined }], 'amp: sync')
        addCame(entry, ours === null ? 'new' : joined === theirs ? 'forward' : 'joined', 0)
      }
      return await readTombstones(repo, joined)
    } catch (error) {
      if (error instanceof RefMoved) continue
      if (!(error instanceof Refused)) throw error
      entry.quarantined = error.message
      return readTombstones(repo, ours)
    }
  }
}

/** Joins the notes, which tell of commits what iteration made them; they can be made again from the chains. */
export async function takeNotes(taking: Taking): Promise<void> {
  const { repo, remote, ledger, forgotten } = taking
  const theirs = await repo.refs.read(`${remote.tracking}/${notesRef.slice('refs/'.length)}`)
  if (theirs === null) return
  for (;;) {
    const ours = await repo.refs.read(notesRef)
    if (ours === theirs) return
    const entry = ledger.at(notesRef, { kind: 'notes', id: notesRef })
    try {
      if (ours !== null && (await isAncestor(repo.git, theirs, ours))) return
      const isForward = ours === null || (await isAncestor(repo.git, ours, theirs))
      const next = isForward
        ? theirs
        : await joinNotes(repo, { tips: [ours, theirs], base: await mergeBase(repo.git, ours, theirs), forgotten })
      if (!taking.isDryRun) await repo.refs.update([{ ref: notesRef, old: ours, new: next }], 'amp: sync')
      return addCame(entry, ours === null ? 'new' : isForward ? 'forward' : 'joined', 0)
    } catch (error) {
      if (error instanceof RefMoved) continue
      if (error instanceof BrokenState || !(error instanceof Error)) throw error
      entry.quarantined = 'they cannot be read'
      return
    }
  }
}
