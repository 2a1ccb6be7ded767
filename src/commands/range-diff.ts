import { Command, Option } from 'clipanion'
import { commitPairs, planRangeDiff } from '../actions/range-diff.js'
import { AmpCommand } from '../cli/command.js'

/** `git amp range-diff <a> <b>` */
export class RangeDiffCommand extends AmpCommand {
  static override paths = [['range-diff']]
  static override kinds = { a: 'session', b: 'session' }
  static override passesOptions = true
  static override usage = Command.Usage({
    category: 'Look at sessions',
    description: 'Compare the commits of two sessions',
    details: `
      Shows which commits of two attempts go together, and how they differ, as git-range-diff(1) does: each session's commits since the base that
      it stands on. What is not committed is not among them.

      Other options are passed to \`git range-diff\`: \`--no-patch\`, \`--creation-factor=90\`, \`--left-only\`.
    `,
    examples: [
      ['Two attempts at the same thing', 'git amp range-diff attempt-a attempt-b'],
      ['Only which commits go together', 'git amp range-diff attempt-a attempt-b --no-patch'],
    ],
  })

  a = Option.String({ name: 'a' })
  b = Option.String({ name: 'b' })
  json = Option.Boolean('--json', false, { description: 'Print which commits go together as JSON' })

  async run(): Promise<number | undefined> {
    const { ui, passed } = this.context
    const plan = await planRangeDiff(await this.open(), { a: this.a, b: this.b })
    if (!this.json) return plan.git.inherit(['range-diff', ...passed, ...plan.ranges], { ok: [0, 1, 128, 129, 141] })
    const [a, b] = [plan.left, plan.right].map(({ tip, base, head }) => ({ session: tip.id, base, head }))
    ui.json({ schema: 'git-amp/range-diff@1', a, b, commits: await commitPairs(plan) })
    return undefined
  }
}
