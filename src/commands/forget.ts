import { Command, Option } from 'clipanion'
import { type ForgetResult, forgetSession } from '../actions/forget.js'
import { canAnswer, confirm } from '../cli/ask.js'
import { AmpCommand } from '../cli/command.js'
import { no } from '../errors.js'
import { renderForget } from '../render/forget.js'
import { shellWord } from '../util/quote.js'
import { oneLine } from '../util/sanitize.js'

/** `git amp forget <session>` */
export class ForgetCommand extends AmpCommand {
  static override paths = [['forget']]
  static override usage = Command.Usage({
    category: 'Share',
    description: 'Forget a session or its transcript for good',
    details: `
      Deletes the history of a session with its transcripts and its paused work, or with \`--transcript\` only what its agents said and did. A tombstone on
      \`refs/amp/tombstones\` stays and travels with \`git amp sync\`: remotes and other clones delete theirs, and none brings it back. It cannot be undone.

      What cannot be taken back: whoever fetched it has it until their clone syncs and collects garbage; a remote keeps the objects until it collects its own; the
      operation log here keeps the commits for \`git amp undo\`. Commits on branches are code, and stay. A secret that was pushed has to be replaced.

      It asks on a terminal; elsewhere it needs \`-f\`.
    `,
    examples: [
      ['Forget a session here, and then on the remote', 'git amp forget fix-parser && git amp sync'],
      ['Forget what the agents said', 'git amp forget --transcript fix-parser'],
    ],
  })

  session = Option.String({ name: 'session' })
  transcript = Option.Boolean('--transcript', false, { description: 'Only the transcripts' })
  dryRun = Option.Boolean('-n,--dry-run', false, { description: 'Only show what would be forgotten' })
  force = Option.Boolean('-f,--force', false, { description: 'Do not ask' })
  json = Option.Boolean('--json', false, { description: 'Print the result as JSON' })

  async run(): Promise<number | undefined> {
    const { ui } = this.context
    const repo = await this.open({ writes: true })
    const options = { session: this.session, transcript: this.transcript, dryRun: this.dryRun }
    if (!this.dryRun && !this.force) await this.ask(await forgetSession(repo, { ...options, dryRun: true }))
    const result = await forgetSession(repo, options)
    if (this.json) ui.json({ schema: 'git-amp/forget@1', ...result })
    else ui.answer(renderForget(result))
    if (!result.isDryRun) this.tellRest(result)
    return undefined
  }

  /** What is left, and what nobody can take back. */
  private tellRest({ remotes, unnamed, what }: ForgetResult): void {
    const { ui } = this.context
    const syncs = remotes.map((name) => `git amp sync ${shellWord(oneLine(name))}`)
    if (unnamed > 0) syncs.push('git amp sync <address>, where you synced by address')
    if (syncs.length > 0) {
      ui.hint(`Other copies go with: ${syncs.join(', ')}`, 'ampForget')
      const who =
        'Who fetched it has it until their clone syncs and collects garbage, and a remote until it collects its own'
      ui.hint(`${who}. Replace a secret that was in it.`, 'ampForget')
    }
    const log = what === 'session' ? 'the operation log lets go of it and ' : ''
    ui.hint(`Its objects stay in this clone until ${log}"git gc" collects them.`, 'ampForget')
  }

  private async ask({ what, name }: ForgetResult): Promise<void> {
    const words = `${what === 'session' ? 'session' : 'the transcripts of session'} ${oneLine(name ?? '')}`
    if (canAnswer(this.context)) {
      if (await confirm(this.context, `Forget ${words} for good?`)) return
      throw no('nothing was forgotten')
    }
    throw no(`to forget ${words} cannot be undone`, 'Say -f to do it, or -n to see what would go.')
  }
}
