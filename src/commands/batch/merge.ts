import { Command, Option } from 'clipanion'
import { mergeBatch } from '../../actions/batch/merge.js'
import { BatchItemsCommand, refusedJson, tellRefusals } from '../../cli/batch.js'
import { itemWords } from '../../render/batch.js'
import { mergeJson, mergeWords } from '../../render/merge.js'

/** `git amp batch merge [<run>]` */
export class BatchMergeCommand extends BatchItemsCommand {
  static override paths = [['batch', 'merge']]
  static override usage = Command.Usage({
    category: 'Batches',
    description: 'Merge the sessions of a batch run',
    details: `
      Merges each session into its base, one after the other, by the steps of \`git amp merge\`: rebased, tested, merged, cleaned up. One that meets a conflict
      or failing tests is taken back as a whole and named, and holds up no others; the exit code is then 1. \`git amp undo\` in an item's repository
      takes its merge back.

      \`--only\` takes a pattern with \`*\` and \`?\`, which fits the name, the repository, the agent, the model, the session or the number of an item.
    `,
    examples: [['Merge what passed', 'git amp batch merge nightly --passed']],
  })

  dryRun = Option.Boolean('-n,--dry-run', false, { description: 'Only show what would be done' })
  json = Option.Boolean('--json', false, { description: 'Print the results as JSON' })

  /** What is done with the sessions. */
  protected readonly act = { schema: 'git-amp/batch-merge@1', merge: mergeBatch }

  async run(): Promise<number | undefined> {
    const home = await this.openHome({ writes: true })
    const { ui, signal } = this.context
    const { choice, dryRun, act } = this
    const results = await act.merge(home, { ...choice, dryRun, signal })
    const done = results.flatMap((one) => ('value' in one ? [one] : []))
    if (this.json) {
      const items = done.map(({ item, value }) => ({ n: item.n, repo: item.repo, ...mergeJson(value) }))
      ui.json({ schema: act.schema, items, refused: refusedJson(results) })
    } else for (const { item, value } of done) ui.answer(`${itemWords(item)}: ${mergeWords(value)}`)
    return tellRefusals(ui, results, itemWords)
  }
}
