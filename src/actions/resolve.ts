import { fatal, no } from '../errors.js'
import { diffSize } from '../git/diff.js'
import { isAncestor, resolveCommit } from '../git/history.js'
import { switchFiles } from '../git/merge.js'
import type { Oid } from '../git/run.js'
import { readStatus } from '../git/status.js'
import type { Repo } from '../repo.js'
import type { ChainTip } from '../state/chain.js'
import { branchRef } from '../state/names.js'
import { refuseCheckedOut } from './shared/checkout.js'
import { exchange } from './shared/exchange.js'
import { findSession } from './shared/find.js'
import { beginMove, endMove } from './shared/pending.js'
import { findPlace, type Place } from './shared/place.js'
import { settleBranch } from './shared/reconcile.js'
import { record } from './shared/record.js'
import { refuseRunning } from './shared/sessions.js'
import { unfinishedVerb } from './shared/unfinished.js'

export interface ResolveOptions {
  session?: string | undefined
  /** One of the heads, as a revision. */
  keep: string
  dryRun?: boolean | undefined
}

export interface ResolveResult {
  tip: ChainTip
  keep: Oid
  drop: Oid[]
  isDryRun: boolean
}

/** Ends a divergence: one head is the session's again, and its branch stands there; the others stay reachable from its history. */
export async function resolveSession(repo: Repo, options: ResolveOptions): Promise<ResolveResult> {
  const found = await findSession(repo, options.session)
  await refuseRunning(repo, found)
  if (found.snapshot.heads.length < 2) throw no(`session ${found.snapshot.name} has not diverged`)
  const isDryRun = options.dryRun === true
  const place = await findPlace(repo, found)
  if (place !== null) await refuseBusy(repo, place)
  const maySettle = place !== null && !isDryRun
  const tip = maySettle ? await settleBranch(repo, found, { place, status: await readStatus(place.git) }) : found
  const branch = branchRef(tip.snapshot.branch)
  const now = await repo.refs.read(branch)
  const keep = await headOf(repo, tip, { wanted: options.keep, now })
  const drop = tip.snapshot.heads.filter((head) => head !== keep)
  await refuseCheckedOut(repo, tip, place)
  const move = now === null || now === keep ? null : { from: now, to: keep }
  if (place !== null) await refuseStaying(place, move)
  if (isDryRun) return { tip, keep, drop, isDryRun }
  if (now !== null && ![keep, ...drop].includes(now)) await refuseUnrecorded(repo, tip, now)
  const total = await diffSize(repo.git, tip.snapshot.base.oid, keep)
  const pending = move === null ? null : { kind: 'rebase' as const, ...move }
  if (place !== null && pending !== null) await beginMove(repo, place, pending)
  const recorded = await record(repo, tip.id, async (latest) => {
    await refuseRunning(repo, latest)
    if (latest.snapshot.heads.join() !== tip.snapshot.heads.join())
      throw fatal(`session ${tip.snapshot.name} moved while the command ran`, 'Nothing was changed.')
    return {
      subject: `amp(${tip.snapshot.slug}): divergence resolved, ${keep.slice(0, 12)} kept`,
      events: [{ type: 'session.heads-resolved', data: { keep, drop, total } }],
      code: [keep, ...drop],
      moves: now === keep ? [] : [{ ref: branch, old: now, new: keep }],
      operation: { id: repo.newId(), command: 'resolve' },
    }
  })
  if (place !== null && pending !== null) {
    await exchange(repo, place, pending)
    await endMove(repo, place)
  }
  return { tip: recorded?.tip ?? tip, keep, drop, isDryRun }
}

/** The head that the user names: by the beginning of its id, or by a revision; commits on top of a head are that head now. */
async function headOf(repo: Repo, tip: ChainTip, { wanted, now }: { wanted: string; now: Oid | null }): Promise<Oid> {
  const { heads, name } = tip.snapshot
  const named = heads.filter((head) => wanted.length >= 4 && head.startsWith(wanted.toLowerCase()))
  if (named[0] !== undefined && named.length === 1) return named[0]
  const oid = await resolveCommit(repo.in(repo.location.topLevel ?? repo.location.gitDir), wanted)
  if (oid !== null && heads.includes(oid)) return oid
  if (oid !== null && oid === now) for (const head of heads) if (await isAncestor(repo.git, head, oid)) return oid
  throw fatal(
    `'${wanted}' is no head of session ${name}`,
    `Its heads are ${heads.map((head) => head.slice(0, 12)).join(' and ')}.`,
  )
}

/** Commits that stand on the branch, and that no event tells of, would be lost. */
async function refuseUnrecorded(repo: Repo, tip: ChainTip, now: Oid): Promise<void> {
  for (const head of tip.snapshot.heads) if (await isAncestor(repo.git, now, head)) return
  throw no(
    `the branch of session ${tip.snapshot.name} has commits of your own on top of a head: ${now.slice(0, 12)}`,
    `Keep them with --keep ${now.slice(0, 12)}, or make a branch of them first: git branch <name> ${now.slice(0, 12)}`,
  )
}

async function refuseBusy(repo: Repo, place: Place): Promise<void> {
  const verb = await unfinishedVerb(repo, place)
  if (verb !== null) throw no(`a ${verb} is in progress in ${place.path}`, 'Finish or abort it first.')
}

async function refuseStaying(place: Place, move: { from: Oid; to: Oid } | null): Promise<void> {
  const refusal = move === null ? null : await switchFiles(place.git, move, { dryRun: true })
  if (refusal === null) return
  throw no(
    `your changes in ${place.path} are in the way: ${refusal}`,
    'Nothing was changed.',
    'Commit, stash or move them, then run the command again.',
  )
}
