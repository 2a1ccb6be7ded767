import { listRefs } from '../../git/ref-list.js'
import type { Repo } from '../../repo.js'
import { readArchives } from '../../state/archive.js'
import { archivesPrefix, notesRef, sessionRef } from '../../state/names.js'
import { copyOf } from './outgoing.js'
import type { Remote } from './remote.js'

/**
 * Whether both sides have the same of all that anybody may have: one listing tells, and nothing has to be looked through, joined or pushed.
 * @param gone sessions that were forgotten, and may have to go yet
 */
export async function isLevel(repo: Repo, remote: Remote, gone: ReadonlySet<string>): Promise<boolean> {
  const { tracking } = remote
  const refs = await listRefs(repo.git, ['refs/amp', notesRef, tracking])
  let [ours, theirs] = [0, 0]
  for (const [ref, oid] of refs) {
    if (!ref.startsWith(`${tracking}/`)) {
      if (refs.get(copyOf(remote, ref)) !== oid) return false
      ours++
    } else if (!isPrivateCopy(remote, ref)) theirs++
  }
  if (ours !== theirs) return false
  const hasArchive = [...refs.keys()].some((ref) => ref.startsWith(`${archivesPrefix}/`))
  const archived = hasArchive ? await readArchives(repo) : new Map<string, unknown>()
  return ![...gone, ...archived.keys()].some((id) => refs.has(sessionRef(id)))
}

const isPrivateCopy = ({ tracking }: Remote, ref: string): boolean =>
  ref.startsWith(`${tracking}/transcripts/`) || ref.startsWith(`${tracking}/snapshots/`)
