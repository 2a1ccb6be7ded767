import { createHash } from 'node:crypto'
import { listRefs } from '../../git/ref-list.js'
import { pushUrls } from '../../git/remote.js'
import type { Repo } from '../../repo.js'
import { readTip } from '../../state/chain.js'
import { isId, snapshotRef, transcriptRef, transcriptsPrefix } from '../../state/names.js'
import type { Forgotten } from '../../state/tombstones.js'
import { copyOf, type Outgoing } from './outgoing.js'
import { isPurged, unsharedSnapshots } from './private.js'
import type { Remote } from './remote.js'

/** A question whose answer lets something private leave this clone. */
export type ConsentQuestion =
  | { kind: 'transcripts'; remote: string; count: number }
  | { kind: 'snapshot'; remote: string; session: string; untracked: readonly string[] }

export interface ConsentOptions {
  /** Push transcripts this time, or do not; without it the settings say. */
  transcripts?: boolean | undefined
  /** The same for the uncommitted work of paused sessions. */
  snapshots?: boolean | undefined
  dryRun?: boolean | undefined
  /** Asks the user; null when nobody can answer. */
  ask: ((question: ConsentQuestion) => Promise<boolean>) | null
}

/** What may leave this clone only when its user says so. */
export class Consent {
  readonly withheld = { transcripts: 0, snapshots: 0 }
  private transcriptsMayGo: boolean | null = null
  private readonly snapshotsMayGo = new Map<string, boolean>()

  constructor(
    private readonly repo: Repo,
    private readonly remote: Remote,
    private readonly options: ConsentOptions,
  ) {}

  /** Transcripts and paused work that may go, and what the remote has of it that is over. */
  async outgoing(forgotten: Forgotten): Promise<Outgoing[]> {
    return [...(await this.transcripts(forgotten)), ...(await this.snapshots())]
  }

  private async transcripts(forgotten: Forgotten): Promise<Outgoing[]> {
    const { repo, remote } = this
    const refs = await listRefs(repo.git, [`${remote.tracking}/transcripts`, transcriptsPrefix])
    const unshared: Outgoing[] = []
    for (const [ref, oid] of refs) {
      if (!ref.startsWith(`${transcriptsPrefix}/`) || refs.get(copyOf(remote, ref)) === oid) continue
      const id = ref.slice(transcriptsPrefix.length + 1)
      if (!forgotten.sessions.has(id)) unshared.push({ ref, oid, kind: 'transcript', id })
    }
    const over = await this.purged(refs, forgotten)
    for (const update of unshared) {
      const lease = over.find(({ ref }) => ref === update.ref)?.lease
      if (lease !== undefined) update.lease = lease
    }
    return [...(await this.allowed(unshared)), ...over.filter(({ ref }) => !refs.has(ref))]
  }

  /** Transcripts that were forgotten, and that the remote still has. */
  private async purged(refs: ReadonlyMap<string, string>, forgotten: Forgotten): Promise<Outgoing[]> {
    const { repo, remote } = this
    const over: Outgoing[] = []
    for (const [copy, lease] of refs) {
      if (!copy.startsWith(`${remote.tracking}/transcripts/`)) continue
      const id = copy.slice(`${remote.tracking}/transcripts/`.length)
      const isOver = isId(id) && !forgotten.sessions.has(id) && (await isPurged(repo, lease, forgotten.transcripts))
      if (isOver) over.push({ ref: transcriptRef(id), oid: null, lease, kind: 'transcript', id })
    }
    return over
  }

  private async allowed(unshared: Outgoing[]): Promise<Outgoing[]> {
    if (unshared.length === 0) return []
    this.transcriptsMayGo ??= await this.mayTranscripts(unshared.length)
    this.withheld.transcripts = this.transcriptsMayGo ? 0 : unshared.length
    return this.transcriptsMayGo ? unshared : []
  }

  /** A yes is remembered for this remote, as long as it is where it is now; the flag counts once. */
  private async mayTranscripts(count: number): Promise<boolean> {
    const { repo, remote, options } = this
    if (options.transcripts !== undefined) return options.transcripts
    const config = await repo.config()
    const words = ['never', 'ask', 'push'] as const
    const key = `amp.remote.${remote.name}.transcripts`
    const answeredFor = config.get(`${key}To`)
    const place = createHash('sha256')
      .update(await pushUrls(remote.git, remote.name))
      .digest('hex')
      .slice(0, 32)
    const isMoved = answeredFor !== null && answeredFor !== place
    const policy = (isMoved ? null : config.choice(key, words)) ?? config.choice('amp.transcripts', words) ?? 'ask'
    if (policy !== 'ask') return policy === 'push'
    if (options.dryRun === true || options.ask === null) return false
    const isYes = await options.ask({ kind: 'transcripts', remote: remote.url, count })
    if (!isYes) return false
    await repo.git.run(['config', '--local', `${key}To`, place])
    await repo.git.run(['config', '--local', key, 'push'])
    return true
  }

  private async snapshots(): Promise<Outgoing[]> {
    const { repo, remote } = this
    const outgoing: Outgoing[] = []
    this.withheld.snapshots = 0
    for (const { id, oid, tip, untracked } of await unsharedSnapshots(repo, remote.tracking)) {
      const known = this.snapshotsMayGo.get(id)
      const may = known ?? (await this.maySnapshot(tip.snapshot.name, untracked))
      this.snapshotsMayGo.set(id, may)
      if (!may) this.withheld.snapshots++
      const ref = snapshotRef(id)
      const lease = await repo.refs.read(copyOf(remote, ref))
      if (may)
        outgoing.push({ ref, oid, kind: 'snapshot', id, name: tip.snapshot.slug, ...(lease === null ? {} : { lease }) })
    }
    return [...outgoing, ...(await this.endedSnapshots())]
  }

  private async maySnapshot(session: string, untracked: readonly string[]): Promise<boolean> {
    const { repo, remote, options } = this
    if (options.snapshots !== undefined) return options.snapshots
    const policy = (await repo.config()).choice('amp.snapshots', ['never', 'ask', 'push']) ?? 'ask'
    if (policy !== 'ask') return policy === 'push'
    if (options.dryRun === true || options.ask === null) return false
    return options.ask({ kind: 'snapshot', remote: remote.url, session, untracked })
  }

  /** Work that is in a worktree again is nobody's to take from the remote. */
  private async endedSnapshots(): Promise<Outgoing[]> {
    const { repo, remote } = this
    const outgoing: Outgoing[] = []
    for (const [copy, lease] of await listRefs(repo.git, [`${remote.tracking}/snapshots`])) {
      const id = copy.slice(`${remote.tracking}/snapshots/`.length)
      const tip = await readTip(repo, id).catch(() => null)
      if (tip === null || tip.snapshot.paused?.snapshot === lease) continue
      const ref = snapshotRef(id)
      if ((await repo.refs.read(ref)) === null)
        outgoing.push({ ref, oid: null, lease, kind: 'snapshot', id, name: tip.snapshot.slug })
    }
    return outgoing
  }
}
