import { resolve } from 'node:path'
import { Command, Option } from 'clipanion'
import { iterateSession } from '../actions/iterate.js'
import { type NewOptions, type NewResult, newSession } from '../actions/new.js'
import { notify } from '../actions/shared/notify.js'
import { showSession } from '../actions/show.js'
import { askTrust, trustSession } from '../actions/trust.js'
import { canAnswer, confirm } from '../cli/ask.js'
import { AmpCommand } from '../cli/command.js'
import { iterationNews } from '../cli/news.js'
import { canEdit, givenText } from '../cli/text.js'
import { AmpError, fatal } from '../errors.js'
import { sessionJson } from '../render/json.js'
import { remarkLines, renderIterate } from '../render/session.js'
import { renderTrust } from '../render/trust.js'
import type { Repo } from '../repo.js'

/** `git amp new [<name>]` */
export class NewCommand extends AmpCommand {
  static override paths = [['new']]
  static override kinds = { '--sparse': 'dir' }
  static override usage = Command.Usage({
    category: 'Work in a session',
    description: 'Start a session: a branch, a worktree and a recorded prompt',
    details: `
      Records the prompt, makes the branch \`amp/<slug>/<yyyymmdd-HHMMss>\` (UTC) from the base and checks it out in a worktree of its own,
      \`.worktrees/<id>\` in the main worktree. Nobody's checkout is touched. The id of the session is printed.

      The base is \`--base\`, else \`amp.base\`, else the current branch. Its commit is recorded: \`git amp diff\` compares with it.

      The worktree is then prepared: ignored files are copied, submodules checked out, the setup command run; see \`git amp setup\`. A sparse checkout
      of the main worktree is inherited; \`--sparse\` names other directories (and turns on \`extensions.worktreeConfig\`, as git does for it).

      Without a prompt an editor is opened. Text that looks like a secret (a token, the value of a variable like \`API_KEY\`) is not kept.
    `,
    examples: [
      ['Start a session', 'git amp new -m "Handle nested quotes in the parser"'],
      ['Start one with a name and run the agent at once', 'git amp new fix-parser -m "Handle nested quotes" --run'],
      [
        'Start from a release branch, with a test command',
        'git amp new -m "Backport the fix" --base v2 --test "make check"',
      ],
    ],
  })

  positional = Option.String({ name: 'name', required: false })
  prompt = Option.Array('-m,--prompt', { description: 'What the agent is to do; several are paragraphs' })
  file = Option.String('-F,--file', { description: 'Take the prompt from a file; - is standard input' })
  edit = Option.Boolean('-e,--edit', false, { description: 'Write the prompt in an editor' })
  name = Option.String('--name', { description: 'Name of the session; without it the prompt gives one' })
  base = Option.String('--base', { description: 'Start from this revision' })
  agent = Option.String('--agent', { description: 'The agent that works in the session (amp.agent)' })
  model = Option.String('--model', { description: 'The model or mode the agent uses' })
  test = Option.String('--test', { description: 'Test command, run after every iteration (amp.test)' })
  worktree = Option.String('--worktree', { description: 'Make the worktree at this path' })
  sparse = Option.Array('--sparse', {
    description: 'Check out this directory alone, and the files above it; may be given several times',
  })
  noSetup = Option.Boolean('--no-setup', false, {
    description: 'Leave the worktree cold: copy no ignored files, run no setup command',
  })
  runNow = Option.Boolean('--run', false, { description: 'Run the first iteration at once' })
  json = Option.Boolean('--json', false, { description: 'Print the session as JSON' })

  async run(): Promise<number | undefined> {
    const repo = await this.open({ writes: true })
    const { context } = this
    const isEditing = this.edit || (this.prompt === undefined && this.file === undefined && canEdit(context))
    const help = 'Write what the agent is to do. The first line becomes the title.\nAn empty prompt starts no session.'
    const sources = { paragraphs: this.prompt, file: this.file, edit: isEditing, name: 'prompt', help }
    const prompt = await givenText(repo, context, sources)
    if (prompt === null) throw fatal('no prompt given', 'Use -m <prompt>, -F <file>, or -F - for standard input.')
    const created = await this.trusting(repo, {
      prompt,
      name: this.name ?? this.positional,
      base: this.base,
      agent: this.agent,
      model: this.model,
      test: this.test,
      worktree: this.worktree === undefined ? undefined : resolve(context.host.cwd, this.worktree),
      sparse: this.sparse?.map((dir) => dir.replace(/\/+$/, '')),
      isCold: this.noSetup,
      onMade: (made) => this.tellMade(made),
    })
    const { tip, worktree } = created
    if (this.json && !this.runNow)
      context.ui.json({ schema: 'git-amp/session@1', session: sessionJson(tip, 'idle', worktree) })
    else if (!this.json) context.ui.answer(tip.id)
    if (!this.runNow) {
      context.ui.hint(`Run the agent with "git amp iterate ${tip.id.slice(0, 4)}".`, 'ampNew')
      return undefined
    }
    const result = await iterateSession(repo, {
      session: tip.id,
      prompt,
      signal: context.signal,
      on: iterationNews(context.ui),
    })
    for (const line of remarkLines(result.remarks)) context.ui.warn(line)
    if (this.json) {
      const { state } = await showSession(repo, { session: tip.id })
      context.ui.json({ schema: 'git-amp/session@1', session: sessionJson(result.tip, state, worktree) })
    }
    context.ui.tell(renderIterate(result))
    await notify(repo, result, context)
    return result.outcome === 'failed' || (result.tests !== null && result.tests.exit !== 0) ? 1 : 0
  }
  /** Starts the session. On a terminal it asks for what the repository wants and nobody has approved yet; nothing was made then. */
  private async trusting(repo: Repo, options: NewOptions): Promise<NewResult> {
    const { context } = this
    try {
      return await newSession(repo, options)
    } catch (error) {
      const isUntrusted = error instanceof AmpError && error.details.untrusted !== undefined
      if (!isUntrusted || !canAnswer(context)) throw error
      const question = await askTrust(repo, { base: this.base })
      context.ui.tell(`${renderTrust(question)}\n`)
      if (!(await confirm(context, 'Approve, so that it may run here?'))) throw error
      await trustSession(repo, question)
      return newSession(repo, options)
    }
  }

  private tellMade({ tip, worktree, base, isRedacted, agentProblem }: NewResult): void {
    const { ui } = this.context
    if (isRedacted) ui.warn('the prompt contains something that looks like a secret; it is kept without it')
    if (agentProblem !== null) {
      ui.warn(agentProblem.message)
      for (const hint of agentProblem.hints) ui.hint(hint, 'ampAgents')
    }
    const from = base.ref?.replace(/^refs\/heads\//, '') ?? base.oid.slice(0, 12)
    ui.tell(`Session ${tip.id} on ${tip.snapshot.branch} from ${from}`)
    ui.tell(`Worktree ${worktree}`)
  }
}
