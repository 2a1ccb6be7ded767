import { Command, Option } from 'clipanion'
import { mergeSession } from '../actions/merge.js'
import { AmpCommand } from '../cli/command.js'
import { styleOption } from '../cli/style.js'
import { givenText } from '../cli/text.js'
import { usage } from '../errors.js'
import { pendingLine } from '../render/session.js'
import { showPreflight } from './preflight.js'

/** `git amp merge [<session>]` */
export class MergeCommand extends AmpCommand {
  static override paths = [['merge']]
  static override usage = Command.Usage({
    category: 'Finish a session',
    description: 'Merge a session into its base branch',
    details: `
      Makes the merge in memory and moves the base branch from the value that was seen; nobody's checkout is switched. Where the base is checked
      out, that checkout is updated when nothing of the user's is in the way, else the merge is refused and leaves no trace. A conflict changes
      nothing either. A session whose last iteration was interrupted is merged with \`-f\` only: nobody has
      looked at what was left.

      Without an option the base is fast-forwarded when that is possible, and gets a merge commit otherwise; \`amp.mergeStyle\` (\`ff\`, \`ff-only\`,
      \`no-ff\`, \`squash\`) changes that. \`--check\` merges nothing, and tells what it would meet: see \`git amp preflight\`.
    `,
    examples: [
      ['Merge into the base', 'git amp merge fix-parser'],
      ['As one commit', 'git amp merge fix-parser --squash -m "parser: handle nested quotes"'],
      ['See what it would do', 'git amp merge fix-parser -n'],
    ],
  })

  session = Option.String({ name: 'session', required: false })
  into = Option.String('--into', { description: 'Into this branch instead of the base' })
  squash = Option.Boolean('--squash', false, { description: 'As one new commit on the base' })
  ffOnly = Option.Boolean('--ff-only', false, { description: 'Only when the base can be fast-forwarded' })
  noFf = Option.Boolean('--no-ff', false, {
    description: 'Make a merge commit even when the base could be fast-forwarded',
  })
  message = Option.Array('-m,--message', { description: 'Message of the merge commit; several are paragraphs' })
  file = Option.String('-F,--file', { description: 'Take the message from a file; - is standard input' })
  edit = Option.Boolean('-e,--edit', false, { description: 'Write the message in an editor' })
  force = Option.Boolean('-f,--force', false, { description: 'Merge although the last iteration was interrupted' })
  check = Option.Boolean('--check', false, { description: 'Only look at what the merge would meet' })
  test = Option.Boolean('--test', false, { description: 'With --check: run the tests on what would land' })
  dryRun = Option.Boolean('-n,--dry-run', false, { description: 'Only show what would be done' })
  json = Option.Boolean('--json', false, { description: 'Print the result as JSON' })

  async run(): Promise<number | undefined> {
    const repo = await this.open({ writes: true })
    const { ui } = this.context
    const style = styleOption(this)
    const { session, test, json } = this
    if (test && !this.check) throw usage('--test goes with --check')
    if (this.check) return showPreflight(repo, this.context, { session, into: this.into, style, test, json })
    const help = 'Write the message of the merge.'
    const sources = { paragraphs: this.message, file: this.file, edit: this.edit, name: 'message', help }
    const message = (await givenText(repo, this.context, sources)) ?? undefined
    const result = await mergeSession(repo, {
      session: this.session,
      into: this.into,
      style,
      message,
      dryRun: this.dryRun,
      force: this.force,
    })
    const { tip, before, after, via, updated, isUpToDate, isEmpty, isDryRun, pending, unsigned } = result
    const into = result.into.replace(/^refs\/heads\//, '')
    if (pending !== null) ui.tell(pendingLine(pending))
    if (unsigned !== null) ui.warn(`the commit is not signed: ${unsigned}`)
    if (this.json) {
      ui.json({
        schema: 'git-amp/merge@1',
        session: tip.id,
        into,
        before,
        after,
        via,
        updated,
        isUpToDate,
        isEmpty,
        isDryRun,
        pending,
      })
      return undefined
    }
    const how = { ff: 'fast-forward', merge: 'merge commit', squash: 'one commit' }[via]
    if (isEmpty) ui.answer(`nothing to merge: ${tip.snapshot.branch} has no change that ${into} lacks`)
    else if (isUpToDate) ui.answer(`${into} has everything of ${tip.snapshot.branch} already`)
    else
      ui.answer(
        `${isDryRun ? 'would merge' : 'merged'} ${tip.snapshot.branch} into ${into} (${how}): ${before.slice(0, 12)}..${after.slice(0, 12)}`,
      )
    if (updated !== null && !isDryRun) ui.tell(`Updated the checkout in ${updated}`)
    return undefined
  }
}
