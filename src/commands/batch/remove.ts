import { Command, Option } from 'clipanion'
import { removeBatch } from '../../actions/batch/remove.js'
import { BatchItemsCommand, refusedJson, tellRefusals } from '../../cli/batch.js'
import { itemWords } from '../../render/batch.js'
import { sessionJson } from '../../render/json.js'

/** `git amp batch remove [<run>]` */
export class BatchRemoveCommand extends BatchItemsCommand {
  static override paths = [['batch', 'remove']]
  static override usage = Command.Usage({
    category: 'Batches',
    description: 'Remove the sessions of a batch run; keep their history',
    details: `
      Closes the sessions and moves their worktrees into the trash of their clones, as \`git amp remove\` does. What would lose work is refused, and
      \`-f\` takes a snapshot first. In each repository it is one operation: \`git amp undo\` there brings all of it back. The run itself and the
      history of its sessions stay.

      \`--only\` takes a pattern with \`*\` and \`?\`, which fits the name, the repository, the agent, the model, the session or the number of an item.
    `,
    examples: [['Remove all worktrees and branches of a run', 'git amp batch remove -D -f nightly']],
  })

  branch = Option.Boolean('-D,--delete-branch', false, { description: 'Delete the branches as well' })
  force = Option.Boolean('-f,--force', false, { description: 'Remove work that is nowhere else, after a snapshot' })
  dryRun = Option.Boolean('-n,--dry-run', false, { description: 'Only show what would be removed' })
  json = Option.Boolean('--json', false, { description: 'Print the result as JSON' })

  async run(): Promise<number | undefined> {
    const home = await this.openHome({ writes: true })
    const { ui } = this.context
    const { choice, branch, force, dryRun } = this
    const results = await removeBatch(home, { ...choice, branch, force, dryRun })
    const done = results.flatMap((one) =>
      'value' in one && one.value !== null ? [{ item: one.item, value: one.value }] : [],
    )
    if (this.json) {
      const items = done.map(({ item, value: { tip, ...rest } }) => ({
        n: item.n,
        repo: item.repo,
        session: sessionJson(tip, null),
        ...rest,
      }))
      ui.json({ schema: 'git-amp/batch-remove@1', items, refused: refusedJson(results), isDryRun: dryRun })
    } else
      for (const { item } of done)
        ui.answer(`${dryRun ? 'would remove' : 'removed'} ${item.session.slice(0, 4)} ${itemWords(item)}`)
    if (results.every((one) => 'value' in one && one.value === null)) ui.tell('All of them are removed already.')
    if (done.length > 0 && !dryRun)
      ui.hint("git amp undo in an item's repository brings its sessions back", 'ampRemoved')
    return tellRefusals(ui, results, itemWords)
  }
}
