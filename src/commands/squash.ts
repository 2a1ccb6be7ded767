import { Command, Option } from 'clipanion'
import { type SquashResult, squashSession } from '../actions/squash.js'
import { AmpCommand } from '../cli/command.js'
import { givenText } from '../cli/text.js'
import { usage } from '../errors.js'
import { pendingLine } from '../render/session.js'
import { oneLine } from '../util/sanitize.js'
import { plural } from '../util/time.js'

/** `git amp squash [<session>]` */
export class SquashCommand extends AmpCommand {
  static override paths = [['squash']]
  static override kinds = { '--manual': 'keep|include' }
  static override usage = Command.Usage({
    category: 'Finish a session',
    description: 'Make one commit of the amp: commits',
    details: `
      Squashes from the merge base of session and base, so nothing that the base gained meanwhile is touched, and the files at the end are the
      same to the byte. Each run of \`amp:\` commits becomes one; commits of your own between them stay as they are, with author, date and message.
      With \`--manual=include\` everything becomes one commit.

      The new commit carries the \`Amp-Iteration\` trailers of all iterations in it. The commits it replaces stay reachable from the session.
    `,
    examples: [
      ['Squash with a message', 'git amp squash fix-parser -m "parser: handle nested quotes"'],
      ['See what it would do', 'git amp squash fix-parser -n'],
    ],
  })

  session = Option.String({ name: 'session', required: false })
  message = Option.Array('-m,--message', { description: 'Message of the new commit; several are paragraphs' })
  file = Option.String('-F,--file', { description: 'Take the message from a file; - is standard input' })
  edit = Option.Boolean('-e,--edit', false, { description: 'Write the message in an editor' })
  manual = Option.String('--manual', { description: 'Your own commits: keep them (default), or include them' })
  dryRun = Option.Boolean('-n,--dry-run', false, { description: 'Only show what would be done' })
  json = Option.Boolean('--json', false, { description: 'Print the result as JSON' })

  async run(): Promise<number | undefined> {
    const repo = await this.open({ writes: true })
    const { ui } = this.context
    if (this.manual !== undefined && this.manual !== 'keep' && this.manual !== 'include') {
      throw usage(`--manual takes keep or include, not '${this.manual}'`)
    }
    const help = 'Write the message of the squashed commit.'
    const sources = { paragraphs: this.message, file: this.file, edit: this.edit, name: 'message', help }
    const message = (await givenText(repo, this.context, sources)) ?? undefined
    const result = await squashSession(repo, {
      session: this.session,
      message,
      manual: this.manual,
      dryRun: this.dryRun,
    })
    const { tip, from, to, commits, map, isUpToDate, isDryRun, pending, unsigned } = result
    if (pending !== null) ui.tell(pendingLine(pending))
    if (unsigned > 0) ui.warn(`${plural(unsigned, 'commit')} could not be signed`)
    if (this.json) {
      ui.json({ schema: 'git-amp/squash@1', session: tip.id, from, to, commits, map, isUpToDate, isDryRun, pending })
      return undefined
    }
    const lines = commits.map(
      ({ oid, subject, isManual, replaced }) =>
        `${isDryRun ? '' : `${oid.slice(0, 12)} `}${oneLine(subject)}${isManual ? ' (manual)' : ` (${plural(replaced, 'commit')})`}`,
    )
    ui.answer(lines.join('\n'))
    ui.tell(squashWords(result))
    return undefined
  }
}

/** What became of the agent's commits, and how many of the user's parted them. */
function squashWords({ commits, isDryRun, isUpToDate }: SquashResult): string {
  const runs = commits.filter((commit) => !commit.isManual)
  const own = commits.length - runs.length
  const stay = own === 0 ? '' : `; own commits stay: ${plural(own, 'commit')}`
  if (isUpToDate) return `${runs.length === 1 ? 'It is' : 'Each run of them is'} already one commit${stay}`
  const replaced = runs.reduce((sum, run) => sum + run.replaced, 0)
  const many = runs.length === 1 ? '1' : `${runs.length}, one for each run between your own`
  return `${isDryRun ? 'Would squash' : 'Squashed'} ${plural(replaced, 'commit')} into ${many}${stay}`
}
