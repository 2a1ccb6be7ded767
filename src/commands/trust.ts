import { Command, Option } from 'clipanion'
import { type Approval, askTrust, listTrust, revokeTrust, type TrustQuestion, trustSession } from '../actions/trust.js'
import { canAnswer, confirm } from '../cli/ask.js'
import { AmpCommand } from '../cli/command.js'
import { usage } from '../errors.js'
import { renderApprovals, renderTrust } from '../render/trust.js'
import { plural } from '../util/time.js'

/** `git amp trust [<session>]` */
export class TrustCommand extends AmpCommand {
  static override paths = [['trust']]
  static override kinds = { '--base': 'ref' }
  static override usage = Command.Usage({
    category: 'Share',
    description: 'Show the commands of a repository or a session from elsewhere, and approve them',
    details: `
      What a repository brings along is data until you approve it. Without a session this command shows what its files ask for: the commands of
      \`.amp.yaml\` (setup, test, agent) and the ignored files that \`.amp.yaml\` and \`.worktreeinclude\` want copied into worktrees. None of it runs,
      and no file is copied, before it was shown here. \`.amp.yaml\` is read from the commit that a session is based on, never from a worktree: what
      an agent writes there changes nothing for its session.

      What arrives by \`git amp sync\` is data, too. The test command of a session that was not started in this clone, and its prompt where the agent
      runs it as a program, run only after this command has shown them.

      On a terminal it asks; elsewhere calling it is the approval. The approval is kept as a digest of those words in this clone's configuration
      (\`amp.trusted\`): other words need another one. The code that a session changed is not looked at: read it with \`git amp diff\` before you
      run its tests.
    `,
    examples: [
      ['Look at what a repository would run', 'git amp trust -n'],
      ['Approve what a session would run', 'git amp trust fix-parser'],
      ['See all approvals, and take one back', 'git amp trust --list && git amp trust --revoke 1f0c9d2b'],
    ],
  })

  session = Option.String({ name: 'session', required: false })
  base = Option.String('--base', { description: 'Look at what is asked for at this revision' })
  list = Option.Boolean('--list', false, { description: 'List what is approved in this clone' })
  revoke = Option.Boolean('--revoke', false, {
    description: 'Take approvals back: of the repository, a session, or one by its digest',
  })
  all = Option.Boolean('--all', false, { description: 'With --revoke: every approval' })
  dryRun = Option.Boolean('-n,--dry-run', false, { description: 'Only show it' })
  force = Option.Boolean('-f,--force', false, { description: 'Approve without a question' })
  json = Option.Boolean('--json', false, { description: 'Print the result as JSON' })

  async run(): Promise<number | undefined> {
    if (this.list && this.revoke) throw usage('--list and --revoke exclude each other')
    if (this.all && !this.revoke) throw usage('--all goes with --revoke')
    if (this.list) return this.runList()
    return this.revoke ? this.runRevoke() : this.runTrust()
  }

  private async runTrust(): Promise<number> {
    const { ui } = this.context
    const repo = await this.open()
    const question = await askTrust(repo, this)
    if (!this.json && (question.tip !== null || question.runnables.length > 0)) ui.answer(renderTrust(question))
    const isApproved = !this.dryRun && question.open.length > 0 && (await this.mayTrust())
    if (isApproved) await trustSession(repo, question)
    if (this.json) ui.json(this.answer(question, isApproved))
    if (isApproved) ui.tell('Approved, in this clone.')
    else if (question.open.length === 0) ui.tell('There is nothing to approve.')
    return this.dryRun || isApproved || question.open.length === 0 ? 0 : 1
  }

  private async runList(): Promise<number> {
    const { ui } = this.context
    const approvals = await listTrust(await this.open())
    if (this.json) ui.json({ schema: 'git-amp/trusted@1', approvals: approvals.map(approvalJson) })
    else if (approvals.length > 0) ui.answer(renderApprovals(approvals))
    else ui.tell('Nothing is approved in this clone.')
    return 0
  }

  private async runRevoke(): Promise<number> {
    const { ui } = this.context
    const { session, base, all } = this
    const revoked = await revokeTrust(await this.open({ writes: true }), { session, base, all })
    if (this.json) ui.json({ schema: 'git-amp/trusted@1', revoked: revoked.map(approvalJson) })
    else if (revoked.length > 0) ui.answer(renderApprovals(revoked))
    ui.tell(revoked.length === 0 ? 'Nothing of that is approved.' : `${plural(revoked.length, 'approval')} taken back.`)
    return 0
  }

  private async mayTrust(): Promise<boolean> {
    if (this.force || this.json || !canAnswer(this.context)) return true
    return confirm(this.context, 'Approve, so that it may run here?')
  }

  private answer({ tip, runnables, open }: TrustQuestion, isApproved: boolean) {
    const items = runnables.map((one) => ({ ...one, isTrusted: isApproved || !open.includes(one) }))
    return { schema: 'git-amp/trust@1', session: tip?.id ?? null, items }
  }
}

const approvalJson = ({ digest, what }: Approval) => ({ digest, ...(what ?? {}) })
