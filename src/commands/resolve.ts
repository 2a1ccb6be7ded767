import { Command, Option } from 'clipanion'
import { resolveSession } from '../actions/resolve.js'
import { AmpCommand } from '../cli/command.js'
import { oneLine } from '../util/sanitize.js'

/** `git amp resolve [<session>] --keep <head>` */
export class ResolveCommand extends AmpCommand {
  static override paths = [['resolve']]
  static override kinds = { '--keep': 'ref:head' }
  static override usage = Command.Usage({
    category: 'Take back',
    description: 'End a divergence by keeping one of its heads',
    details: `
      Two clones that went on with one session at once leave it with two heads. git-amp merges no code by itself: one head is kept, the branch and its worktree go there,
      and the others stay reachable from the session's history. What is worth having of them can be taken with \`git cherry-pick\` afterwards.
    `,
    examples: [['Keep one head', 'git amp resolve fix-parser --keep 1a2b3c4']],
  })

  session = Option.String({ name: 'session', required: false })
  keep = Option.String('--keep', { required: true, description: 'The head that stays, by its id or a revision' })
  dryRun = Option.Boolean('-n,--dry-run', false, { description: 'Only show what would be done' })
  json = Option.Boolean('--json', false, { description: 'Print the result as JSON' })

  async run(): Promise<number | undefined> {
    const { ui } = this.context
    const options = { session: this.session, keep: this.keep, dryRun: this.dryRun }
    const { tip, keep, drop, isDryRun } = await resolveSession(await this.open(), options)
    if (this.json) ui.json({ schema: 'git-amp/resolve@1', session: tip.id, keep, drop, isDryRun })
    else {
      const dropped = drop.map((oid) => oid.slice(0, 12)).join(', ')
      const verb = isDryRun ? 'would keep' : 'kept'
      ui.answer(`${verb} ${keep.slice(0, 12)} of ${oneLine(tip.snapshot.slug)}; not on the branch any more: ${dropped}`)
    }
    return undefined
  }
}
