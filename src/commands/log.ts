import { Command, Option } from 'clipanion'
import { followSession } from '../actions/follow.js'
import { logArguments, logSession } from '../actions/log.js'
import { findSession } from '../actions/shared/find.js'
import { AmpCommand } from '../cli/command.js'
import { checkForms } from '../cli/forms.js'
import { pour } from '../cli/pager.js'
import { plainValues, porcelain } from '../render/json.js'
import { logJson, logValues, renderLog } from '../render/log.js'
import { TranscriptPage, transcriptJson } from '../render/transcript.js'
import type { Repo } from '../repo.js'
import { compileFormat } from '../util/format.js'
import { oneLine } from '../util/sanitize.js'

/** `git amp log [<session>]` */
export class LogCommand extends AmpCommand {
  static override paths = [['log']]
  static override kinds = { '--porcelain': 'v1|' }
  static override rest = '<path>...'
  static override passesOptions = true
  static override usage = Command.Usage({
    category: 'Look at sessions',
    description: 'Show iterations and manual commits in order',
    details: `
      Tells the story of a session in the order of its branch and its records, the latest last: iterations with their result, the user's own
      commits between them, squashes, rebases and merges. Commits that came in from the base are not among them. It is read from the repository alone and needs no worktree.

      Kinds of items in the forms for scripts: \`iteration\`; \`commit\`, one of the user's own; \`created\`; \`renamed\`; \`moved\`, the branch was changed
      with plain git; \`recorded\`, tests that were run alone; \`squashed\`; \`rebased\`; \`merged\`, and \`merge-intent\` and \`merge-abandoned\` for a
      merge that was begun and one that did not happen; \`closed\`; \`reopened\`; \`added\` and \`removed\`, a label.

      With options of \`git log\` (\`-p\`, \`--stat\`, \`--oneline\`) or paths, \`git log\` shows the session's commits, each with its note: session,
      iteration, agent and tests.

      \`--follow\` shows what the agent that runs in the session says and does, from the beginning of its iteration, as it happens, in whatever
      terminal or in the background it was started. It ends with the run; Ctrl-C ends the watching alone.
    `,
    examples: [
      ['The story of a session', 'git amp log fix-parser'],
      ['Watch an agent that runs in the background', 'git amp log --follow fix-parser'],
      ['Its commits with their diffs, as git log shows them', 'git amp log fix-parser -p'],
    ],
  })

  session = Option.String({ name: 'session', required: false })
  follow = Option.Boolean('--follow', false, { description: 'Show what the running agent does, as it happens' })
  format = Option.String('--format', {
    description: 'Print each item in this form: %(kind), %(at), %(by), %(commit), %(text)',
  })
  porcelain = Option.String('--porcelain', {
    tolerateBoolean: true,
    description: 'Print records for scripts, in a form that stays',
  })
  nul = Option.Boolean('-z', false, { description: 'End lines with NUL instead of newline' })
  json = Option.Boolean('--json', false, { description: 'Print the story as JSON' })

  async run(): Promise<number | undefined> {
    const { ui, host, passed, rest } = this.context
    const repo = await this.open()
    if (this.follow) return this.watch(repo)
    // `--format=%h` is git's; ours has atoms like those of "git for-each-ref".
    const isGits = passed.length > 0 || rest !== null || (this.format !== undefined && !this.format.includes('%('))
    if (isGits) {
      const own = [...(this.nul ? ['-z'] : []), ...(this.format === undefined ? [] : [`--format=${this.format}`])]
      const all = [...passed, ...own]
      const args = await logArguments(repo, { session: this.session, passed: all, paths: rest ?? [] })
      return repo.asUser(repo.location.topLevel ?? repo.location.gitDir).inherit(args, { ok: [0, 1, 128, 141] })
    }
    checkForms(this)
    const result = await logSession(repo, { session: this.session })
    if (this.json) ui.json(logJson(result))
    else if (this.format !== undefined) {
      const fill = compileFormat(this.format, ['kind', 'at', 'by', 'commit', 'iteration', 'outcome', 'text'])
      ui.answer(
        logValues(result)
          .map((value) => plainValues(value, this.nul))
          .map((value) => `${fill(value)}${this.nul ? '\0' : '\n'}`)
          .join(''),
      )
    } else if (this.porcelain !== undefined)
      ui.answer(
        porcelain(
          logValues(result).map((value) => plainValues(value, this.nul)),
          ['kind', 'at', 'by', 'commit', 'iteration', 'outcome', 'text'],
          this.nul,
        ),
      )
    else ui.answer(renderLog(result, { paint: (slot, text) => ui.paint(slot, text), now: host.now(), width: ui.width }))
    return undefined
  }

  private async watch(repo: Repo): Promise<number | undefined> {
    const { ui, host, stdout, signal } = this.context
    const tip = await findSession(repo, this.session)
    const page = new TranscriptPage({ paint: ui.paint.bind(ui), now: host.now(), width: ui.width }, { tools: false })
    let n = 0
    const pieces = async function* (json: boolean): AsyncGenerator<string> {
      for await (const item of followSession(repo, tip, signal)) {
        if (item.type === 'iteration') n = item.iteration.n
        yield json ? `${transcriptJson(item, { session: tip.id, n })}\n` : page.draw(item)
      }
    }
    await pour(stdout, pieces(this.json))
    if (n === 0) ui.hint(`Nothing is running in session ${oneLine(tip.snapshot.name)}.`, 'ampEmpty')
    return undefined
  }
}
