import { Command, Option } from 'clipanion'
import type { ConsentQuestion } from '../actions/sync/consent.js'
import { syncSessions } from '../actions/sync.js'
import { canAnswer, confirm } from '../cli/ask.js'
import { AmpCommand } from '../cli/command.js'
import { usage } from '../errors.js'
import { renderSync, syncJson } from '../render/sync.js'
import { oneLine, printable } from '../util/sanitize.js'
import { plural } from '../util/time.js'

/** A hook may say the same of ten thousand refs. */
const mostSaid = 20

/** `git amp sync [<remote>]` */
export class SyncCommand extends AmpCommand {
  static override paths = [['sync']]
  static override usage = Command.Usage({
    category: 'Share',
    description: 'Exchange sessions with another repository',
    details: `
      Fetches the sessions of a remote, joins them with those here, and pushes the result. In another clone one \`git amp sync\` shows the same
      sessions; \`git amp resume\` makes the branch and the worktree of one, and \`git amp iterate\` goes on with it. The remote is the one named, else
      \`amp.remote\`, else \`origin\`; \`amp.remote\` may be another, private repository.

      What travels are the histories of sessions (\`refs/amp/*\`) with all commits that they made, and the notes (\`refs/notes/amp\`). Code is never merged: when
      two clones went on with one session at once it has diverged, and \`git amp resolve\` ends that. Branches here follow a session that went on
      elsewhere; commits and uncommitted changes of your own stay as they are.

      Nothing private leaves this clone unasked:

      - transcripts, when \`amp.transcripts\` is \`push\`, with \`--transcripts\`, or after a yes that is remembered for the remote
      - the uncommitted work of a paused session, when \`amp.snapshots\` is \`push\`, with \`--snapshots\`, or after a yes
      - branches (\`refs/heads/amp/*\`), when \`amp.pushBranches\` is set

      Sessions that \`git amp gc\` archived travel in \`refs/amp/archive/<yyyy-mm>\`; the remote's refs of them go when its archive has them.

      What comes from elsewhere is looked through first. A history that is malformed is named and not taken, and the rest goes on. Commands in a valid
      one run only after \`git amp trust\`.

      No refspec is stored and no hook is installed: \`git fetch\`, \`git pull\` and \`git push\` do what they did before; \`git amp install --sync\`
      lets them carry sessions. The remote's refs as they were seen last
      are under \`refs/amp-local/remotes/<remote>\`.

      The exit code is 1 when something was not taken or was refused.
    `,
    examples: [
      ['Exchange sessions with origin', 'git amp sync'],
      ['See what would be pushed', 'git amp sync -n'],
      ['Only fetch, from a URL', 'git amp sync --fetch https://example.com/state.git'],
      ['What the remote has, with plain git', 'git for-each-ref refs/amp-local/remotes/origin'],
    ],
  })

  remote = Option.String({ name: 'remote', required: false })
  fetchOnly = Option.Boolean('--fetch', false, { description: 'Only fetch and join' })
  pushOnly = Option.Boolean('--push', false, { description: 'Only push' })
  transcripts = Option.Boolean('--transcripts', { description: 'Push transcripts, this time' })
  snapshots = Option.Boolean('--snapshots', { description: 'Push the uncommitted work of paused sessions, this time' })
  dryRun = Option.Boolean('-n,--dry-run', false, {
    description: 'Fetch, and only show what would be done',
  })
  json = Option.Boolean('--json', false, { description: 'Print the result as JSON' })

  async run(): Promise<number | undefined> {
    const { ui } = this.context
    if (this.fetchOnly && this.pushOnly) throw usage('--fetch and --push cannot be used together')
    const result = await syncSessions(await this.open({ writes: true }), {
      remote: this.remote,
      only: this.fetchOnly ? 'fetch' : this.pushOnly ? 'push' : undefined,
      transcripts: this.transcripts,
      snapshots: this.snapshots,
      dryRun: this.dryRun,
      onProgress: (message) => ui.tell(message),
      ask: canAnswer(this.context) ? (question) => this.ask(question) : null,
    })
    if (this.json) ui.json(syncJson(result))
    else ui.answer(renderSync(result))
    const { entries, withheld, archived } = result
    for (const line of result.said.slice(0, mostSaid)) ui.tell(`remote: ${oneLine(line, 400)}`)
    for (const hint of result.hints) ui.hint(printable(hint), 'ampSync')
    if (archived.kept > 0) {
      const refs = plural(archived.kept, 'ref')
      ui.hint(`the remote keeps ${refs} of archived sessions: ${oneLine(archived.reason ?? '', 400)}`, 'ampSync')
    }
    if (entries.length === 0 && archived.gone === 0) ui.tell('Everything is up to date.')
    else ui.hint(`"git for-each-ref ${result.tracking}" shows what is there.`, 'ampSync')
    if (withheld.transcripts > 0)
      ui.hint(
        `${plural(withheld.transcripts, 'transcript')} ${withheld.transcripts === 1 ? 'stays here; "git amp sync --transcripts" pushes it' : 'stay here; "git amp sync --transcripts" pushes them'}.`,
        'ampPrivate',
      )
    if (withheld.snapshots > 0)
      ui.hint(
        `the uncommitted work of ${plural(withheld.snapshots, 'paused session')} stays here; "git amp sync --snapshots" pushes it.`,
        'ampPrivate',
      )
    return entries.some((entry) => entry.quarantined !== null || entry.refused !== null) ? 1 : 0
  }

  private ask(question: ConsentQuestion): Promise<boolean> {
    const url = printable(question.remote)
    if (question.kind === 'transcripts') {
      const what = `what agents said and did in ${plural(question.count, 'session')}`
      return confirm(this.context, `Push transcripts (${what}) to ${url}, now and from now on?`)
    }
    const { untracked } = question
    for (const path of untracked) this.context.stderr.write(`  ${printable(path).replace(/\n/g, ' ')}\n`)
    const files =
      untracked.length === 0 ? 'changes' : `changes, and ${plural(untracked.length, 'untracked file')} listed above,`
    return confirm(
      this.context,
      `Push the uncommitted ${files} of the paused session ${printable(question.session)} to ${url}?`,
    )
  }
}
