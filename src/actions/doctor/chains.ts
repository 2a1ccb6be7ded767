import { AmpError } from '../../errors.js'
import { ObjectInfos } from '../../git/object-info.js'
import { listRefs } from '../../git/ref-list.js'
import type { Repo } from '../../repo.js'
import { type ChainTip, readEvents } from '../../state/chain.js'
import { inOrder, type Snapshot } from '../../state/fold.js'
import { kindOf } from '../../state/kinds.js'
import { archivesPrefix, batchesPrefix, branchRef, notesRef, sessionsPrefix } from '../../state/names.js'
import { type NoteLine, prepareNotes } from '../../state/notes.js'
import { notesOf } from '../../state/notes-rebuild.js'
import type { Oid } from '../../state/storage.js'
import { validateChain } from '../../state/validate.js'
import { localLeases } from '../shared/lease.js'
import { reconcileAnywhere } from '../shared/reconcile.js'
import { isOpenSession } from '../shared/sessions.js'
import { looksOf } from '../sync/incoming.js'
import { checkArchives } from './archives.js'
import { type Finding, fixable, problem } from './finding.js'
import { type Looked, reasonAgainst } from './reason.js'

/** Sessions that can be read, and what is wrong with the others. */
export interface Chains {
  sound: ChainTip[]
  findings: Finding[]
}

/** Reads every chain whole, as one from elsewhere would be. A broken one may be whole in the copy of a remote. */
export async function checkChains(repo: Repo): Promise<Chains> {
  const chains: Chains = { sound: [], findings: [] }
  const infos = new ObjectInfos(repo.git)
  try {
    const looks = await looksOf(repo, infos)
    const refs = await listRefs(repo.git, [sessionsPrefix, batchesPrefix, archivesPrefix, 'refs/amp-local/remotes'])
    for (const [ref, oid] of refs) {
      if (!ref.startsWith(`${sessionsPrefix}/`)) continue
      const id = ref.slice(sessionsPrefix.length + 1)
      const reason = await reasonAgainst(repo, { id, oid, looks })
      const snapshot = reason === null ? await lastSnapshot(repo, { id, oid, looks }) : null
      if (snapshot !== null) chains.sound.push({ ref, id, oid, snapshot })
      else chains.findings.push(await brokenChain(repo, { id, oid, looks, refs, reason: reason ?? 'it has no tip' }))
    }
    for (const [ref, oid] of refs) {
      if (!ref.startsWith(`${batchesPrefix}/`)) continue
      const run = { kind: 'batch' as const, id: ref.slice(batchesPrefix.length + 1), oid, looks }
      const reason = await reasonAgainst(repo, run)
      if (reason !== null) chains.findings.push(await brokenChain(repo, { ...run, refs, reason }))
    }
    const archived = await checkArchives(repo, { looks, refs })
    return {
      sound: [...chains.sound, ...archived.sound],
      findings: [...chains.findings, ...archived.findings],
    }
  } finally {
    infos.close()
  }
}

async function lastSnapshot(repo: Repo, { id, oid, looks }: Looked): Promise<Snapshot | null> {
  const commits = await validateChain(repo.objects, { kind: 'session', id, tip: oid, ours: null }, looks)
  return (commits.find((state) => state.oid === oid)?.snapshot ?? null) as Snapshot | null
}

/** What stood here has more than the copy, as far as it can be read: its tip stays below `refs/amp-local/broken`. */
async function takeCopy(
  repo: Repo,
  { id, ref, old, theirs }: { id: string; ref: string; old: Oid; theirs: Oid },
): Promise<void> {
  const aside = `refs/amp-local/broken/${id}`
  const isThere = (await repo.objects.readCommit(old).catch(() => null)) !== null
  const kept = isThere ? [{ ref: aside, old: await repo.refs.read(aside).catch(() => null), new: old }] : []
  await repo.refs.update([{ ref, old, new: theirs }, ...kept], 'amp: doctor takes the copy of a remote')
}

async function brokenChain(
  repo: Repo,
  broken: Looked & { refs: ReadonlyMap<string, Oid>; reason: string },
): Promise<Finding> {
  const { kind = 'session', id, oid, refs, reason } = broken
  const ref = kindOf(kind).refOf(id)
  const message = `the history of ${kind === 'session' ? kind : 'batch run'} ${id} is broken: ${reason}`
  const suffix = ref.replace(/^refs\/amp/, '')
  for (const [copy, theirs] of refs) {
    if (!copy.startsWith('refs/amp-local/remotes/') || !copy.endsWith(suffix) || theirs === oid) continue
    if ((await reasonAgainst(repo, { ...broken, oid: theirs })) !== null) continue
    const repair = `take the copy of ${copy.split('/').slice(3, -2).join('/')} (${theirs.slice(0, 12)}) in the place of ${oid}`
    return fixable('chains', message, {
      repair: repair,
      fix: () => takeCopy(repo, { id, ref, old: oid, theirs }),
    })
  }
  return problem(
    'chains',
    message,
    `Fetch its objects again from a clone that has them: git fetch --refetch <clone> ${ref}`,
    `Or give it up: git update-ref -d ${ref}`,
  )
}

/** Branches that the user moved with plain git: the next command would record that, and `--fix` does it now. */
export async function checkBranches(repo: Repo, sound: readonly ChainTip[]): Promise<Finding[]> {
  const branches = await listRefs(repo.git, ['refs/heads'])
  const leases = await localLeases(repo)
  const findings: Finding[] = []
  for (const tip of sound) {
    const { snapshot } = tip
    if (leases.some((lease) => lease.session === tip.id && lease.where !== 'dead')) continue
    const [head, ...others] = snapshot.heads
    const here = branches.get(branchRef(snapshot.branch))
    if (!isOpenSession(snapshot) || snapshot.status === 'paused' || here === undefined || here === head) continue
    if (others.length > 0) continue
    const message = `branch ${snapshot.branch} stands at ${here.slice(0, 12)}, and its session knows ${head?.slice(0, 12)}`
    findings.push(
      fixable('branches', message, { repair: 'record where it stands', fix: () => reconcileAnywhere(repo, tip) }),
    )
  }
  return findings
}

/** Notes against the chains that they are derived from. */
export async function checkNotes(repo: Repo, sound: readonly ChainTip[]): Promise<Finding[]> {
  const lines: NoteLine[] = []
  const redact = await repo.redactor()
  for (const tip of sound) {
    const events = inOrder(await readEvents(repo.objects, tip.oid, tip.ref))
    const slug = events.find((event) => event.type === 'session.created')?.data.slug
    const session = { id: tip.id, slug: typeof slug === 'string' ? slug : tip.snapshot.slug }
    lines.push(...notesOf(session, events).map((one) => ({ ...one, line: redact(one.line) })))
  }
  if (lines.length === 0) return []
  try {
    if ((await prepareNotes(repo, await repo.writer(), lines)) === null) return []
  } catch (error) {
    if (!(error instanceof AmpError)) throw error
    return [problem('notes', error.message, ...error.hints)]
  }
  const rebuild = async () => {
    const change = await prepareNotes(repo, await repo.writer(), lines)
    if (change !== null) await repo.refs.update([change], 'amp: doctor wrote the notes again')
  }
  const message = `${notesRef} lacks what the sessions tell of their commits`
  return [fixable('notes', message, { repair: 'write the missing lines again', fix: rebuild })]
}
