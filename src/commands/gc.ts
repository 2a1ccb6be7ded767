import { Command, Option } from 'clipanion'
import { collectGarbage } from '../actions/gc.js'
import { AmpCommand } from '../cli/command.js'
import { usage } from '../errors.js'
import { parseDuration, plural } from '../util/time.js'

/** `git amp gc` */
export class GcCommand extends AmpCommand {
  static override paths = [['gc']]
  static override kinds = { '--older-than': 'none:time' }
  static override usage = Command.Usage({
    category: 'Take back',
    description: 'Archive closed sessions, and let go of old trash and old operations',
    details: `
      Merged and closed sessions without a worktree go into the archive of their month, \`refs/amp/archive/<yyyy-mm>\`: then they cost nobody's fetch or push a
      ref of their own. \`git amp list -a\` still lists them, \`show\`, \`log\`, \`diff\`, \`usage\` and \`undo\` find them, and \`git amp reopen\` brings one back. The
      next \`git amp sync\` takes their refs away from the remote, too. All refs are packed.

      Removed and paused worktrees stay in \`.git/amp/trash\`, and operations in the log, so that \`git amp undo\` can take them back. What is older than 90
      days goes. The sessions themselves, their commits and the snapshots of paused ones stay, and so does what a paused session has in the trash.
    `,
    examples: [
      ['See what would go', 'git amp gc -n'],
      ['Free the disk space now', 'git amp gc --older-than 0'],
    ],
  })

  olderThan = Option.String('--older-than', { description: 'Keep what is younger than this: 90d (default), 12h, 0' })
  dryRun = Option.Boolean('-n,--dry-run', false, { description: 'Only show what would go' })
  json = Option.Boolean('--json', false, { description: 'Print the result as JSON' })

  async run(): Promise<number | undefined> {
    const { ui } = this.context
    const olderThanMs = parseDuration(this.olderThan ?? '90d')
    if (olderThanMs === null) throw usage(`'${this.olderThan}' is no length of time`, 'Write it as 90d, 12h or 0.')
    const result = await collectGarbage(await this.open(), { olderThanMs, dryRun: this.dryRun })
    if (this.json) ui.json({ schema: 'git-amp/gc@1', ...result })
    else {
      const { operations, trash, archived, isDryRun } = result
      const words = `${plural(operations.gone, 'operation')} and ${plural(trash.gone.length, 'worktree')} in the trash`
      ui.answer(`${isDryRun ? 'would archive' : 'archived'} ${plural(archived.length, 'session')}`)
      ui.answer(`${isDryRun ? 'would let go of' : 'let go of'} ${words}`)
    }
    return undefined
  }
}
