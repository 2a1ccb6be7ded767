import { Command, Option } from 'clipanion'
import { rebaseSession } from '../actions/rebase.js'
import { AmpCommand } from '../cli/command.js'
import { pendingLine } from '../render/session.js'
import { plural } from '../util/time.js'

/** `git amp rebase [<session>]` */
export class RebaseCommand extends AmpCommand {
  static override paths = [['rebase']]
  static override usage = Command.Usage({
    category: 'Finish a session',
    description: 'Put the session onto its base as it is now',
    details: `
      Writes the session's commits again on top of the base, in memory: no file is touched until it is known that all of them apply, and then the
      worktree is updated once. A conflict changes nothing; it is named with its commit and files. The commits it replaces stay reachable from
      the session.
    `,
    examples: [
      ['Follow the base', 'git amp rebase fix-parser'],
      ['Onto another branch', 'git amp rebase fix-parser --onto release'],
    ],
  })

  session = Option.String({ name: 'session', required: false })
  onto = Option.String('--onto', { description: 'Onto this revision instead of the base' })
  dryRun = Option.Boolean('-n,--dry-run', false, { description: 'Only find out whether it would work' })
  json = Option.Boolean('--json', false, { description: 'Print the result as JSON' })

  async run(): Promise<number | undefined> {
    const repo = await this.open({ writes: true })
    const { ui } = this.context
    const result = await rebaseSession(repo, { session: this.session, onto: this.onto, dryRun: this.dryRun })
    const { tip, from, to, onto, map, isUpToDate, dropped, unsigned, isDryRun, pending } = result
    if (pending !== null) ui.tell(pendingLine(pending))
    if (unsigned > 0) ui.warn(`${plural(unsigned, 'commit')} could not be signed`)
    if (dropped.length > 0)
      ui.tell(`Left out, because the base has the change already: ${dropped.map((oid) => oid.slice(0, 12)).join(', ')}`)
    if (this.json)
      ui.json({
        schema: 'git-amp/rebase@1',
        session: tip.id,
        from,
        to,
        onto,
        map,
        dropped,
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
    return undefined
  }
}
