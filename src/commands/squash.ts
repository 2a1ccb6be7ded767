import { Command, Option } from 'clipanion'
import { preventedWords, type SquashResult, squashDiff, squashSession } from '../actions/squash.js'
import { AmpCommand } from '../cli/command.js'
import { page } from '../cli/pager.js'
import { givenText } from '../cli/text.js'
import type { Ui } from '../cli/ui.js'
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
      same to the byte. All \`amp:\` commits become one, in the place of the first. Commits of your own stay, with author, date and message, in
      their order after it. Merges of the base vanish. With \`--manual=include\` everything becomes one commit.

      Where your work and the agent's are interleaved, the order is changed by merges in memory. When that gives a conflict, or other files at the
      end, the command says which commit is in the way, and each run of \`amp:\` commits between your own becomes one instead. With
      \`amp.squash\` set to \`stop\` nothing is changed then.

      A commit of yours is the very same when nothing before it changed. One that is written again is signed again when \`commit.gpgSign\` is set, and
      loses its signature otherwise. The new commit carries the \`Amp-Iteration\` trailers of all iterations in it. The commits that are replaced stay
      reachable from the session.

      \`-n\` shows the plan as git-range-diff(1) does.
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
  onto = Option.String('--onto', { description: 'Put the result onto this revision' })
  dryRun = Option.Boolean('-n,--dry-run', false, { description: 'Only show what would be done, as a range-diff' })
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
      onto: this.onto,
      dryRun: this.dryRun,
    })
    tellSquash(ui, result)
    if (this.json) {
      const { tip, start: _, ...rest } = result
      ui.json({ schema: 'git-amp/squash@1', session: tip.id, ...rest })
    } else if (this.dryRun && !result.isUpToDate) await page(this.context, await squashDiff(repo, result, ui.color))
    else ui.answer(result.commits.map((commit) => squashLine(commit)).join('\n'))
    if (!this.json) ui.tell(squashWords(result))
    return undefined
  }
}

/** What the user should know beside the result. */
function tellSquash(ui: Ui, { pending, prevented, dropped, unsigned, lost, isUpToDate }: SquashResult): void {
  if (pending !== null) ui.tell(pendingLine(pending))
  if (prevented !== null)
    ui.tell(`${oneLine(preventedWords(prevented), 400)}${isUpToDate ? '' : '; each run of amp: commits becomes one'}`)
  if (dropped.length > 0) ui.tell(`Left out, because the change is there already: ${dropped.map(short).join(', ')}`)
  if (unsigned > 0) ui.warn(`${plural(unsigned, 'commit')} could not be signed`)
  if (lost > 0) ui.warn(`${plural(lost, 'commit')} lost the signature, because it was written again`)
}

const short = (oid: string): string => oid.slice(0, 12)

const squashLine = ({ oid, subject, isManual, replaced }: SquashResult['commits'][number]): string =>
  `${short(oid)} ${oneLine(subject)}${isManual ? ' (manual)' : ` (${plural(replaced, 'commit')})`}`

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
