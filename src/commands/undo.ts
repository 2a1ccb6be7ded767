import { Command, Option } from 'clipanion'
import { type UndoResult, undoOperation } from '../actions/undo.js'
import { AmpCommand } from '../cli/command.js'
import { oneLine } from '../util/sanitize.js'

/** `git amp undo [<operation>]` */
export class UndoCommand extends AmpCommand {
  static override paths = [['undo']]
  static override kinds = { operation: 'none' }
  static override usage = Command.Usage({
    category: 'Take back',
    description: 'Take back an operation of git-amp',
    details: `
      Takes back the newest operation that is not undone, or the one that is named, as \`git amp oplog\` lists them: branches, the base branch, the
      session's state and notes are as before, all together or not at all. A worktree or checkout of a branch that goes back follows, when nothing
      of the user's is in the way. A removed or paused worktree comes back with its uncommitted work, staged and not staged apart.

      When something newer moved one of the branches, nothing is changed, and it is said what. An undo is an operation as well: undoing it by its
      id brings back what was undone. What was pushed stays pushed.
    `,
    examples: [
      ['Take back what was done last', 'git amp undo'],
      ['See what it would do', 'git amp undo -n'],
      ['A certain operation', 'git amp undo 4kz9'],
    ],
  })

  operation = Option.String({ name: 'operation', required: false })
  dryRun = Option.Boolean('-n,--dry-run', false, { description: 'Only show what would be done' })
  json = Option.Boolean('--json', false, { description: 'Print the result as JSON' })

  async run(): Promise<number | undefined> {
    const repo = await this.open()
    const { ui } = this.context
    const result = await undoOperation(repo, { operation: this.operation, dryRun: this.dryRun })
    const { operation, tip, refs, worktree, updated, published, review, isDryRun } = result
    if (this.json) {
      const { id, command, at } = operation
      ui.json({
        schema: 'git-amp/undo@1',
        operation: { id, command, at },
        session: tip.id,
        refs,
        worktree,
        updated,
        published,
        review,
        isDryRun,
      })
      return undefined
    }
    ui.answer(words(result))
    if (worktree !== null) ui.tell(`Worktree ${worktree.path} ${isDryRun ? 'would be ' : ''}${worktree.becomes}`)
    if (updated !== null && !isDryRun) ui.tell(`Updated the checkout in ${updated}`)
    for (const { ref, remote } of published)
      ui.warn(`what ${oneLine(ref.slice(11))} had is in ${oneLine(remote.slice(13))} too, and stays there`)
    if (review !== null) ui.warn(`the pull request stays: ${oneLine(review)}`)
    return undefined
  }
}

function words({ operation, refs, isDryRun }: UndoResult): string {
  const head = `${isDryRun ? 'would undo' : 'undid'} ${oneLine(operation.command)} of ${oneLine(operation.slug)} (${operation.id})`
  const lines = refs
    .filter(({ ref }) => ref.startsWith('refs/heads/'))
    .map(({ ref, before, after }) => `  ${oneLine(ref.slice(11))}: ${short(before)} -> ${short(after)}`)
  return [head, ...lines].join('\n')
}

const short = (oid: string | null): string => (oid === null ? '(none)' : oid.slice(0, 12))
