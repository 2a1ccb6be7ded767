import type { Repo } from '../../repo.js'
import { lastTip, readArchives } from '../../state/archive.js'
import { withoutForgotten } from '../../state/merge-notes.js'
import { rootsOf } from '../../state/merge-transcripts.js'
import { notesRef, sessionRef, snapshotRef, transcriptRef } from '../../state/names.js'
import { type RefChange, RefMoved } from '../../state/storage.js'
import type { Tombstone } from '../../state/tombstones.js'
import { again, withoutForgottenSessions } from '../shared/archive.js'
import { localLeases } from '../shared/lease.js'
import type { Taking } from './incoming.js'
import { addCame } from './ledger.js'

/** What was forgotten elsewhere and had more here than anybody knew there is kept out of everybody's sight. */
const asideRef = (what: 'sessions' | 'transcripts', id: string): string => `refs/amp-local/forgotten/${what}/${id}`

/** Forgets here what was forgotten elsewhere. Branches and worktrees are the user's, and stay. */
export async function dropForgotten(taking: Taking, stones: readonly Tombstone[]): Promise<void> {
  const { repo, ledger } = taking
  const running = new Set((await localLeases(repo)).filter(({ where }) => where === 'alive').map((one) => one.session))
  const archived = await readArchives(repo)
  for (const stone of stones) {
    const isSession = stone.entity === 'session'
    const ref = isSession ? sessionRef(stone.id) : transcriptRef(stone.id)
    const live = await repo.refs.read(ref)
    const packed = (isSession ? archived.get(stone.id) : undefined) ?? []
    const tip = live ?? (packed.length === 0 ? null : await lastTip(repo.objects, { id: stone.id, tips: packed }))
    if (tip === null) continue
    const entry = ledger.at(ref, { kind: isSession ? 'session' : 'transcript', id: stone.id })
    if (isSession && running.has(stone.id)) {
      entry.remarks.push('it was forgotten elsewhere, but runs here: it stays until the next sync')
      continue
    }
    if (!isSession && !(await rootsOf(repo, tip)).some((root) => stone.roots.includes(root))) continue
    if (taking.isDryRun) continue
    const tips = [tip, ...packed]
    const isKnown = tips.every((one) => stone.tips.includes(one))
    await drop(repo, stone, { ref, tip, isKnown, isArchived: live === null })
    addCame(entry, 'forgotten', 0)
    const aside = asideRef(isSession ? 'sessions' : 'transcripts', stone.id)
    if (!isKnown) entry.remarks.push(`it had more here: "git update-ref -d ${aside}" forgets that too`)
  }
  if (taking.isDryRun) return
  await again(repo, async () => {
    await repo.refs.update(await withoutForgottenSessions(repo, taking.forgotten), 'amp: forgotten elsewhere')
  })
  await dropNoteLines(repo, taking.forgotten)
}

async function drop(
  repo: Repo,
  { entity, id }: Tombstone,
  { ref, tip, isKnown, isArchived }: { ref: string; tip: string; isKnown: boolean; isArchived: boolean },
): Promise<void> {
  const aside = asideRef(entity === 'session' ? 'sessions' : 'transcripts', id)
  const changes: RefChange[] = isArchived ? [] : [{ ref, old: tip, new: null }]
  if (!isKnown) changes.push({ ref: aside, old: await repo.refs.read(aside), new: tip })
  if (entity === 'session') {
    const transcript = await repo.refs.read(transcriptRef(id))
    if (transcript !== null) {
      changes.push({ ref: transcriptRef(id), old: transcript, new: null })
      const kept = asideRef('transcripts', id)
      if (!isKnown) changes.push({ ref: kept, old: await repo.refs.read(kept), new: transcript })
    }
    const snapshot = await repo.refs.read(snapshotRef(id))
    if (snapshot !== null) {
      changes.push({ ref: snapshotRef(id), old: snapshot, new: null })
      // Uncommitted work is nobody else's to throw away.
      const kept = `refs/amp-local/forgotten/snapshots/${id}`
      changes.push({ ref: kept, old: await repo.refs.read(kept), new: snapshot })
    }
  }
  await repo.refs.update(changes, 'amp: forgotten elsewhere')
}

/** Takes the lines of forgotten sessions out of the notes. */
export async function dropNoteLines(repo: Repo, forgotten: ReadonlySet<string>): Promise<void> {
  for (;;) {
    const old = await repo.refs.read(notesRef)
    const next = old === null || forgotten.size === 0 ? null : await withoutForgotten(repo, old, forgotten)
    if (next === null) return
    try {
      return await repo.refs.update([{ ref: notesRef, old, new: next }], 'amp: forgotten')
    } catch (error) {
      if (!(error instanceof RefMoved)) throw error
    }
  }
}
