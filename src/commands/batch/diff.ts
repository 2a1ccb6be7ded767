import { Command, Option } from 'clipanion'
import { diffBatch } from '../../actions/batch/diff.js'
import { changedFiles } from '../../actions/diff.js'
import { BatchItemsCommand, refusedJson, tellRefusals } from '../../cli/batch.js'
import { itemWords } from '../../render/batch.js'

/** `git amp batch diff [<run>]` */
export class BatchDiffCommand extends BatchItemsCommand {
  static override paths = [['batch', 'diff']]
  static override passesOptions = true
  static override usage = Command.Usage({
    category: 'Batches',
    description: 'Show what the sessions of a batch run changed',
    details: `
      Shows the diff of each session against its base, as \`git amp diff\` does, under a line that names the item. Other options are passed to
      \`git diff\`: \`--stat\`, \`--name-only\`.

      \`--only\` takes a pattern with \`*\` and \`?\`, which fits the name, the repository, the agent, the model, the session or the number of an item.
    `,
    examples: [
      ['What passed, as a summary', 'git amp batch diff nightly --passed --stat'],
      ['One repository', "git amp batch diff --only 'api*'"],
    ],
  })

  json = Option.Boolean('--json', false, { description: 'Print the changed files as JSON' })

  async run(): Promise<number | undefined> {
    const home = await this.openHome()
    const { ui, passed: options, host } = this.context
    const { choice } = this
    const colored = `--color=${ui.color}`
    const results = await diffBatch(home, choice, async (item, git, plan) => {
      if (this.json) return changedFiles(git, plan)
      const args = ['diff', colored, ...options, ...plan.range, '--']
      const text = (await git.run(args, { ok: [0, 1], env: { ...host.env, GIT_PAGER: 'cat' } })).stdout // 1: --exit-code
      ui.answer(`${ui.paint('heading', `${item.n} ${itemWords(item)} (${item.session.slice(0, 4)})`)}\n${text}`)
      return []
    })
    if (this.json) {
      const items = results.flatMap((one) =>
        'value' in one ? [{ n: one.item.n, repo: one.item.repo, session: one.item.session, files: one.value }] : [],
      )
      ui.json({ schema: 'git-amp/batch-diff@1', items, refused: refusedJson(results) })
    }
    return tellRefusals(ui, results, itemWords)
  }
}
