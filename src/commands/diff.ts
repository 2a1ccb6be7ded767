import { Command, Option } from 'clipanion'
import { changedFiles, diffSession } from '../actions/diff.js'
import { AmpCommand } from '../cli/command.js'

/** `git amp diff [<session> [<session>]]` */
export class DiffCommand extends AmpCommand {
  static override paths = [['diff']]
  static override kinds = { other: 'session', '--iteration': 'none:range' }
  static override rest = '<path>...'
  static override passesOptions = true
  static override usage = Command.Usage({
    category: 'Look at sessions',
    description: 'Show what a session changed, against its recorded base',
    details: `
      Compares the session's worktree with the commit it started from; uncommitted and untracked files are included. The base is the recorded
      one, so commits that the base branch gained meanwhile do not show up reversed; after a rebase or a merge of the base by hand it is the
      later commit that the session stands on. Two sessions are compared head to head.

      Other options are passed to \`git diff\`: \`--stat\`, \`--name-only\`, \`--word-diff\`, \`--exit-code\`.
    `,
    examples: [
      ['Everything a session did', 'git amp diff fix-parser'],
      ['What its second iteration did', 'git amp diff fix-parser --iteration 2 --stat'],
      ['Two attempts at the same thing', 'git amp diff attempt-a attempt-b'],
    ],
  })

  session = Option.String({ name: 'session', required: false })
  other = Option.String({ name: 'other', required: false })
  iteration = Option.String('--iteration', { description: 'Show one iteration, or from one to another: 2, 1..3' })
  json = Option.Boolean('--json', false, { description: 'Print the changed files as JSON' })

  async run(): Promise<number | undefined> {
    const repo = await this.open()
    const { ui, passed, rest } = this.context
    const options = { session: this.session, other: this.other, iteration: this.iteration, paths: rest ?? [] }
    return diffSession(repo, options, async (git, plan) => {
      if (this.json) {
        const files = await changedFiles(git, plan)
        ui.json({ schema: 'git-amp/diff@1', session: plan.tip.id, base: plan.base, head: plan.head, files })
        return 0
      }
      return git.inherit(['diff', ...(this.quiet ? ['--quiet'] : []), ...passed, ...plan.range, '--', ...plan.paths], {
        ok: [0, 1, 128, 129, 141],
      })
    })
  }
}
