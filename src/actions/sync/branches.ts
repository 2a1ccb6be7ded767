import { isAncestor } from '../../git/history.js'
import { listRefs } from '../../git/ref-list.js'
import { fetchRefs, listRemote } from '../../git/remote.js'
import type { Repo } from '../../repo.js'
import { branchRef } from '../../state/names.js'
import { walkChain } from '../../state/walk.js'
import { allSessions, isOpenSession } from '../shared/sessions.js'
import type { Ledger } from './ledger.js'
import { copyOf, type Outgoing } from './outgoing.js'
import type { Remote } from './remote.js'

/**
 * With `amp.pushBranches` the branches of open sessions are pushed beside their histories, so that a forge shows them. A branch that was squashed
 * or rebased replaces what the session knows; commits that it does not know are left alone.
 */
export async function outgoingBranches(
  repo: Repo,
  { remote, ledger }: { remote: Remote; ledger: Ledger },
): Promise<Outgoing[]> {
  if (!(await repo.config()).bool('amp.pushBranches', false)) return []
  const open = (await allSessions(repo)).sessions.filter(({ snapshot }) => isOpenSession(snapshot))
  const local = await listRefs(repo.git, ['refs/heads'])
  const refs = open.map((tip) => ({ tip, ref: branchRef(tip.snapshot.branch) })).filter(({ ref }) => local.has(ref))
  if (refs.length === 0) return []
  const there = await listRemote(remote.git, remote.name, ['refs/heads/*'])
  const known = refs.filter(({ ref }) => there.has(ref) && there.get(ref) !== local.get(ref))
  if (known.length > 0)
    await fetchRefs(remote.git, remote.name, { refspecs: known.map(({ ref }) => `+${ref}:${copyOf(remote, ref)}`) })
  const outgoing: Outgoing[] = []
  for (const { tip, ref } of refs) {
    const [oid, lease] = [local.get(ref) ?? '', there.get(ref)]
    const what = { kind: 'branch' as const, id: ref, name: tip.snapshot.slug }
    if (lease === oid) continue
    if (lease === undefined || (await isAncestor(repo.git, lease, oid))) outgoing.push({ ref, oid, ...what })
    else if (await isRecorded(repo, tip, lease)) outgoing.push({ ref, oid, lease, ...what })
    else ledger.at(ref, what).refused = 'it has commits there that the session does not know'
  }
  return outgoing
}

/** Whether a commit was once the session's: then replacing it on the remote loses nothing. */
async function isRecorded(repo: Repo, tip: { oid: string; ref: string }, oid: string): Promise<boolean> {
  const commits = await walkChain(repo.objects, tip.oid, { ref: tip.ref })
  return [...commits.values()].some((state) => state.codeParents.includes(oid))
}
