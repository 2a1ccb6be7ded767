import { type Blame, type BlamedCommit, type BlamedLine, readBlame } from '../../git/blame.js'
import { isAncestor } from '../../git/history.js'
import { type Git, GitError, type Oid } from '../../git/run.js'
import type { Repo } from '../../repo.js'
import { type ChainTip, readEvents } from '../../state/chain.js'
import type { IterationView } from '../../state/iterations.js'
import { Lineage } from '../../state/lineage.js'
import { isId } from '../../state/names.js'
import { type Noted, readNotes } from '../../state/notes-read.js'
import { readTips } from '../../state/tips.js'
import { groupBy, unique } from '../../util/collections.js'
import { trailersAnywhere } from '../../util/message.js'

/** Blames that run at the same time. */
const jobs = 4

/** Where a line comes from. */
export interface Origin {
  /** The commit that git blames. */
  commit: BlamedCommit
  /** The commit in which the line was first written, where a squash wrote it again; else the same one. */
  written: BlamedCommit
  session: KnownSession | null
  /** The agent's run that wrote it; null for a human's line, and where several may have. */
  iteration: KnownIteration | null
  /** Numbers of the runs of which one wrote it, where it cannot be told which. */
  among: number[]
}

/** A session as far as it is known in this clone. */
export interface KnownSession {
  id: string
  /** Null when only a note or a trailer tells of it. */
  tip: ChainTip | null
  slug: string | null
}

/** An iteration as far as it is known in this clone. */
export interface KnownIteration {
  id: string
  n: number | null
  agent: string | null
  title: string | null
  /** Null when the session's chain is not here. */
  view: IterationView | null
}

/** What the message of a commit says of it. */
interface Lead {
  session: string
  iterations: string[]
}

interface Chain {
  tip: ChainTip
  lineage: Lineage
}

/** Options of `git blame` that say how lines are followed. */
const followsLines = /^(-w|-M\d*|-C+\d*)$/

/** Finds the sessions behind lines. One object for each command: what it read it keeps. */
export class Origins {
  private readonly chains = new Map<string, Chain | null>()
  private readonly leads = new Map<Oid, Lead | null>()
  private readonly notes = new Map<Oid, Noted[]>()
  private readonly supposed = new Map<Oid, Oid>()

  /**
   * @param git the place that blame runs in
   * @param options those of the blame, of which some count for the way through a squash as well
   */
  constructor(
    private readonly repo: Repo,
    private readonly git: Git,
    private readonly options: readonly string[] = [],
  ) {}

  /**
   * The origin of each line of a blame.
   * @param above commits within which it was made
   */
  async of(blame: Blame, above: readonly Oid[] = []): Promise<Origin[]> {
    await this.learn([...blame.commits.keys()])
    const found = new Map<BlamedLine, Origin>()
    const isPlain = ({ commit }: BlamedLine) => this.isWhole(commit) || above.includes(commit)
    const hidden = blame.lines.filter((line) => !isPlain(line))
    const groups = [...groupBy(hidden, ({ commit, path }) => `${commit} ${path}`).values()]
    for (let at = 0; at < groups.length; at += jobs) {
      const some = groups.slice(at, at + jobs).map((lines) => this.within(blame, lines, above))
      for (const origins of await Promise.all(some)) for (const [line, origin] of origins) found.set(line, origin)
    }
    return blame.lines.map((line) => found.get(line) ?? this.plain(commitOf(blame, line)))
  }

  /** Says that a commit holds the work of a session up to a commit of it, which its message does not tell. */
  suppose(commit: Oid, { tip, lineage }: Chain, at: Oid): void {
    this.leads.set(commit, { session: tip.id, iterations: [...lineage.iterations.keys()] })
    this.supposed.set(commit, at)
  }

  /** The chain of a session; null when it is not here, or cannot be read. */
  async chainOf(id: string): Promise<Chain | null> {
    await this.learnChains([id])
    return this.chains.get(id) ?? null
  }

  /** Reads what the messages of commits say, and the chains that they name: each once, all at a time. */
  private async learn(commits: readonly Oid[]): Promise<void> {
    const fresh = commits.filter((oid) => !this.leads.has(oid))
    const leads = await Promise.all(fresh.map((oid) => this.leadOf(oid)))
    for (const [at, oid] of fresh.entries()) this.leads.set(oid, leads[at] ?? null)
    await this.learnChains(leads.flatMap((lead) => (lead === null ? [] : [lead.session])))
    const unknown = fresh.filter((oid) => {
      const lead = this.leads.get(oid)
      return lead && !this.chains.get(lead.session)
    })
    // Notes are derived from chains, and are asked only where these are not here.
    for (const [oid, noted] of await readNotes(this.repo, unknown)) this.notes.set(oid, noted)
  }

  private async leadOf(oid: Oid): Promise<Lead | null> {
    if (/^0+$/.test(oid)) return null
    const object = await this.repo.catFile.read(oid)
    // Most commits of most histories name no session, and are not taken apart.
    if (object?.type !== 'commit' || !object.content.includes('Amp-Session: ')) return null
    const text = object.content.toString('utf8')
    const message = text.slice(text.indexOf('\n\n') + 2)
    const [session] = trailersAnywhere(message, 'Amp-Session').filter(isId)
    if (session === undefined) return null
    return { session, iterations: unique(trailersAnywhere(message, 'Amp-Iteration').filter(isId)) }
  }

  private async learnChains(ids: readonly string[]): Promise<void> {
    const fresh = unique(ids).filter((id) => !this.chains.has(id))
    if (fresh.length === 0) return
    const tips = await readTips(this.repo, fresh)
    await Promise.all(
      fresh.map(async (id) => {
        const tip = tips.get(id)
        const events = tip && (await readEvents(this.repo.objects, tip.oid, tip.ref).catch(() => null))
        this.chains.set(id, tip && events ? { tip, lineage: new Lineage(events) } : null)
      }),
    )
  }

  /** Whether a commit is the work of one alone: a human's, or that of one iteration. */
  private isWhole(oid: Oid): boolean {
    const lead = this.leads.get(oid)
    if (!lead) return true
    const chain = this.chains.get(lead.session)
    return (
      !chain || (!this.supposed.has(oid) && lead.iterations.length < 2 && chain.lineage.sourcesOf(oid).length === 1)
    )
  }

  /** What is known of a commit without a look into it. */
  private plain(commit: BlamedCommit, written = commit): Origin {
    const lead = this.leads.get(written.oid)
    if (!lead) return { commit, written, session: null, iteration: null, among: [] }
    const chain = this.chains.get(lead.session)
    const session = { id: lead.session, tip: chain?.tip ?? null, slug: chain?.tip.snapshot.slug ?? null }
    if (!chain) return { commit, written, ...this.noted(written.oid, session, lead) }
    const known = lead.iterations.map((id) => iterationOf(chain.lineage.iterations.get(id) ?? null, id))
    const [only] = known
    if (only !== undefined && known.length === 1) return { commit, written, session, iteration: only, among: [] }
    return { commit, written, session, iteration: null, among: numbers(known.map(({ n }) => n)) }
  }

  private noted(oid: Oid, session: KnownSession, lead: Lead) {
    const notes = (this.notes.get(oid) ?? []).filter((note) => note.session === session.id)
    const slug = notes[0]?.slug ?? null
    const [note, ...others] = notes
    const [id, ...otherIds] = lead.iterations
    if (others.length > 0 || otherIds.length > 0)
      return { session: { ...session, slug }, iteration: null, among: numbers(notes.map(({ n }) => n)) }
    const told = { n: note?.n ?? null, agent: note?.agent ?? null, title: note?.title ?? null }
    return {
      session: { ...session, slug },
      iteration: id === undefined ? null : { id, ...told, view: null },
      among: [],
    }
  }

  /** The origins of lines of one commit that holds the work of several: the commits that it was made of are blamed in its stead. */
  private async within(
    blame: Blame,
    lines: readonly BlamedLine[],
    above: readonly Oid[],
  ): Promise<[BlamedLine, Origin][]> {
    const [{ commit }] = lines as [BlamedLine]
    const lead = this.leads.get(commit)
    const chain = lead ? this.chains.get(lead.session) : null
    const inner = lead && chain ? await this.blameWithin(chain.lineage, lead, lines) : null
    const origins = inner === null ? [] : await this.of(inner, [...above, commit])
    const byLine = new Map(inner?.lines.map((line, at) => [line.line, { line, origin: origins[at] as Origin }]))
    return lines.map((line) => {
      const plain = this.plain(commitOf(blame, line))
      const found = byLine.get(line.origin)
      // What the session does not know of came from elsewhere: the line only looks the same.
      if (found === undefined || found.line.commit === commit || chain?.lineage.has(found.line.commit) !== true)
        return [line, plain]
      return [line, { ...found.origin, commit: plain.commit, session: found.origin.session ?? plain.session }]
    })
  }

  /** Blames lines of a commit as if what stood there before were its parent. Null where that is not here. */
  private async blameWithin(lineage: Lineage, lead: Lead, lines: readonly BlamedLine[]): Promise<Blame | null> {
    const [{ commit, path }] = lines as [BlamedLine]
    const before = this.supposed.get(commit) ?? lineage.standsFor(commit, lead.iterations)
    if (before === null) return null
    const ranges = rangesOf(lines.map(({ origin }) => origin)).flatMap(([from, to]) => ['-L', `${from},${to}`])
    const how = this.options.filter((option) => followsLines.test(option))
    try {
      // Git would go round for ever in a history that is its own parent.
      if (await isAncestor(this.git, commit, before)) return null
      return await this.withGraft(commit, before, (file) =>
        readBlame(this.git, ['-S', file, ...how, ...ranges, commit, '--', path]),
      )
    } catch (error) {
      // In a shallow clone they may not be here.
      if (error instanceof GitError && error.exit.code !== null) return null
      throw error
    }
  }

  /** Another parent for a commit, in the form that `git blame -S` reads. */
  private async withGraft<T>(commit: Oid, parent: Oid, work: (file: string) => Promise<T>): Promise<T> {
    const { fs } = this.repo.host
    const file = this.repo.local('tmp', `grafts-${this.repo.newId()}`)
    await fs.mkdir(this.repo.local('tmp'), { recursive: true })
    try {
      await fs.writeFile(file, `${commit} ${parent}\n`)
      return await work(file)
    } finally {
      await fs.rm(file, { force: true })
    }
  }
}

const commitOf = (blame: Blame, { commit }: BlamedLine): BlamedCommit => blame.commits.get(commit) as BlamedCommit

const numbers = (all: readonly (number | null)[]): number[] =>
  unique(all.filter((n) => n !== null)).sort((a, b) => a - b)

const iterationOf = (view: IterationView | null, id: string): KnownIteration => ({
  id,
  n: view?.n ?? null,
  agent: view?.agent ?? null,
  title: null,
  view,
})

/** Numbers as spans of neighbours. */
export function rangesOf(all: readonly number[]): [number, number][] {
  const ranges: [number, number][] = []
  for (const n of unique(all).sort((a, b) => a - b)) {
    const last = ranges.at(-1)
    if (last !== undefined && last[1] === n - 1) last[1] = n
    else ranges.push([n, n])
  }
  return ranges
}
