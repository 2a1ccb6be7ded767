import { Command, Option } from 'clipanion'
import { askTrust, type TrustQuestion, trustSession } from '../actions/trust.js'
import { canAnswer, confirm } from '../cli/ask.js'
import { AmpCommand } from '../cli/command.js'
import { renderTrust } from '../render/trust.js'

/** `git amp trust [<session>]` */
export class TrustCommand extends AmpCommand {
  static override paths = [['trust']]
  static override usage = Command.Usage({
    category: 'Share',
    description: 'Show the commands of a session from elsewhere, and approve them',
    details: `
      What arrives by \`git amp sync\` is data. The test command of a session that was not started in this clone, and its prompt where the agent runs it as a
      program, run only after this command has shown them. On a terminal it asks; elsewhere calling it is the approval.

      The approval is kept as a digest of those words in this clone's configuration (\`amp.trusted\`): other words need another one. The code that
      the session changed is not looked at: read it with \`git amp diff\` before you run its tests.
    `,
    examples: [
      ['Look at what a session would run', 'git amp trust -n fix-parser'],
      ['Approve it', 'git amp trust fix-parser'],
    ],
  })

  session = Option.String({ name: 'session', required: false })
  dryRun = Option.Boolean('-n,--dry-run', false, { description: 'Only show it' })
  force = Option.Boolean('-f,--force', false, { description: 'Approve without a question' })
  json = Option.Boolean('--json', false, { description: 'Print the result as JSON' })

  async run(): Promise<number | undefined> {
    const { ui } = this.context
    const repo = await this.open()
    const question = await askTrust(repo, { session: this.session })
    if (!this.json) ui.answer(renderTrust(question))
    const isApproved = !this.dryRun && question.open.length > 0 && (await this.mayTrust())
    if (isApproved) await trustSession(repo, question)
    if (this.json) ui.json(this.answer(question, isApproved))
    if (isApproved) ui.tell('Approved, in this clone.')
    else if (question.open.length === 0) ui.tell('There is nothing to approve.')
    return this.dryRun || isApproved || question.open.length === 0 ? 0 : 1
  }

  private async mayTrust(): Promise<boolean> {
    if (this.force || this.json || !canAnswer(this.context)) return true
    return confirm(this.context, 'Approve, so that it may run here?')
  }

  private answer({ tip, runnables, open }: TrustQuestion, isApproved: boolean) {
    const items = runnables.map((one) => ({ ...one, isTrusted: isApproved || !open.includes(one) }))
    return { schema: 'git-amp/trust@1', session: tip.id, items }
  }
}
