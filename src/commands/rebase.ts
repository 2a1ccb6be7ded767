import { Command, Option } from 'clipanion'
import { abortRebase, continueRebase, type RebaseResult, rebaseSession } from '../actions/rebase.js'
import { AmpCommand } from '../cli/command.js'
import { resolveNews } from '../cli/news.js'
import { usage } from '../errors.js'
import { pendingLine } from '../render/session.js'
import type { Repo } from '../repo.js'
import { plural } from '../util/time.js'

/** `git amp rebase [<session>]` */
export class RebaseCommand extends AmpCommand {
  static override paths = [['rebase']]
  static override usage = Command.Usage({
    category: 'Finish a session',
    description: 'Put the session onto its base as it is now',
    details: `
      Writes the session's commits again on top of the base, in memory: no file is touched until it is known that all of them apply, and then the
      worktree is updated once. Merges in the session are left out, as \`git rebase\` does. The commits it replaces stay reachable from the session.
      A worktree with uncommitted changes is refused.

      On a conflict \`git rebase\` itself does it in the session's worktree (made again when it is gone), with your hooks and \`rerere\`, and stops
      there: the exit code is 1. Resolve the files, \`git add\` them, and go on with \`--continue\`, \`--skip\` or \`--abort\`; they work after a
      crash as well. Messages stay as they are. A rebase that you finish or abort with plain git is taken up by itself. Until it ends, the session
      cannot be iterated, squashed or merged, here or in another clone.

      With \`--agent-resolve\` the session's agent gets each conflict as a prompt. Its answer is taken when no path is unmerged, no conflict marker
      is left and the tests pass; else the conflict stays, for you.
    `,
    examples: [
      ['Follow the base', 'git amp rebase fix-parser'],
      ['Onto another branch', 'git amp rebase fix-parser --onto release'],
      ['Would it work?', 'git amp rebase -n fix-parser'],
      ['After the conflict is resolved', 'git amp rebase --continue fix-parser'],
    ],
  })

  session = Option.String({ name: 'session', required: false })
  onto = Option.String('--onto', { description: 'Onto this revision instead of the base' })
  goOn = Option.Boolean('--continue', false, { description: 'Go on after a conflict is resolved' })
  skip = Option.Boolean('--skip', false, { description: 'Leave out the commit that is in conflict, and go on' })
  abort = Option.Boolean('--abort', false, { description: 'Take the rebase back' })
  agentResolve = Option.Boolean('--agent-resolve', false, { description: "Let the session's agent resolve conflicts" })
  force = Option.Boolean('-f,--force', false, {
    description: 'With --abort: give up a rebase that stands in another clone',
  })
  dryRun = Option.Boolean('-n,--dry-run', false, { description: 'Only find out whether it would work' })
  json = Option.Boolean('--json', false, { description: 'Print the result as JSON' })

  async run(): Promise<number | undefined> {
    this.checkOptions()
    const repo = await this.open({ writes: true })
    if (this.abort) return this.takeBack(repo)
    const { signal, ui } = this.context
    const agent = this.agentResolve ? { signal, on: resolveNews(ui) } : undefined
    const { session, onto, dryRun } = this
    const how = this.skip ? 'skip' : 'continue'
    const result =
      this.goOn || this.skip
        ? await continueRebase(repo, { session, how, agent })
        : await rebaseSession(repo, { session, onto, dryRun, agent })
    this.answer(result)
    return undefined
  }

  private checkOptions(): void {
    const steps = [this.goOn, this.skip, this.abort].filter(Boolean).length
    if (steps > 1) throw usage('--continue, --skip and --abort exclude each other')
    if (steps > 0 && (this.onto !== undefined || this.dryRun))
      throw usage('--onto and -n begin a rebase: they do not go with --continue, --skip or --abort')
    if (this.force && !this.abort) throw usage('-f goes with --abort')
    if (this.agentResolve && (this.abort || this.skip || this.dryRun))
      throw usage('--agent-resolve does not go with --abort, --skip or -n')
  }

  private async takeBack(repo: Repo): Promise<undefined> {
    const { ui } = this.context
    const { session, force } = this
    const { tip, head, onto } = await abortRebase(repo, { session, force })
    if (this.json) ui.json({ schema: 'git-amp/rebase-aborted@1', session: tip.id, head, onto })
    else ui.answer(`aborted: ${tip.snapshot.branch} is at ${head.slice(0, 12)} again`)
  }

  private answer(result: RebaseResult): void {
    const { ui } = this.context
    const { tip, from, to, onto, map, isUpToDate, dropped, merges, unsigned, lost, isDryRun, pending } = result
    if (pending !== null) ui.tell(pendingLine(pending))
    if (unsigned > 0) ui.warn(`${plural(unsigned, 'commit')} could not be signed`)
    if (lost > 0) ui.warn(`${plural(lost, 'commit')} lost the signature, because it was written again`)
    const why = result.isByGit
      ? 'it was skipped, or the base has the change already'
      : 'the base has the change already'
    if (dropped.length > 0) ui.tell(`Left out, because ${why}: ${shorts(dropped)}`)
    if (merges.length > 0) ui.tell(`Left out, because a rebase makes one line of commits: ${mergeWords(merges)}`)
    if (this.json)
      ui.json({
        schema: 'git-amp/rebase@1',
        session: tip.id,
        from,
        to,
        onto,
        map,
        dropped,
        merges,
        isUpToDate,
        isDryRun,
        pending,
      })
    else if (isUpToDate) ui.answer(`nothing to do: ${tip.snapshot.branch} is up to date with ${onto.slice(0, 12)}`)
    else if (map.length === 0)
      ui.answer(
        `${tip.snapshot.branch} has no commits of its own: ${isDryRun ? 'would move' : 'moved'} to ${onto.slice(0, 12)}`,
      )
    else
      ui.answer(
        `${isDryRun ? 'would rebase' : 'rebased'} ${plural(map.length, 'commit')} of ${tip.snapshot.branch} onto ${onto.slice(0, 12)}${isDryRun ? '' : `, now at ${to.slice(0, 12)}`}`,
      )
  }
}

const shorts = (oids: readonly string[]): string => oids.map((oid) => oid.slice(0, 12)).join(', ')
const mergeWords = (merges: readonly string[]): string => `${plural(merges.length, 'merge')} (${shorts(merges)})`
