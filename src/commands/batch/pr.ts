import { Command } from 'clipanion'
import { pullRequests } from '../../actions/batch/pr.js'
import { BatchMergeCommand } from './merge.js'

/** `git amp batch pr [<run>]` */
export class BatchPrCommand extends BatchMergeCommand {
  static override paths = [['batch', 'pr']]
  static override usage = Command.Usage({
    category: 'Batches',
    description: 'Open pull requests for the sessions of a batch run',
    details: `
      Pushes the branch of each session and opens a pull request for it, as \`git amp merge --pr\` does.

      \`--only\` takes a pattern with \`*\` and \`?\`, which fits the name, the repository, the agent, the model, the session or the number of an item.
    `,
    examples: [['For what passed', 'git amp batch pr nightly --passed']],
  })

  protected override readonly act = { schema: 'git-amp/batch-pr@1', merge: pullRequests }
}
