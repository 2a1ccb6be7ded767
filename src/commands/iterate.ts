import { Command, Option } from 'clipanion'
import { iterateSession } from '../actions/iterate.js'
import { showSession } from '../actions/show.js'
import { AmpCommand } from '../cli/command.js'
import { iterationNews } from '../cli/news.js'
import { givenText } from '../cli/text.js'
import { usage } from '../errors.js'
import { iterationJson, sessionJson } from '../render/json.js'
import { remarkTexts, renderIterate } from '../render/session.js'
import { oneLine } from '../util/sanitize.js'
import { parseDuration } from '../util/time.js'

/** `git amp iterate [<session>]` */
export class IterateCommand extends AmpCommand {
  static override paths = [['iterate'], ['run']]
  static override kinds = { '--manual': 'commit|refuse' }
  static override usage = Command.Usage({
    category: 'Work in a session',
    description: 'Run the agent once; its work becomes one commit',
    details: `
      Runs the agent in the session's worktree. Whatever it does there, edits, own commits or none, becomes exactly one commit whose subject
      starts with \`amp:\`, or a recorded "no change". Then the session's test command runs, and its result is recorded for that tree.

      Without \`-m\` the first iteration runs the session's own prompt; later ones ask the agent to go on, and tell it what the tests said.

      Changes found in the worktree are the user's: they are committed first, as the user's own commit. Hooks run as for any commit; when one
      fails, the commit is made without it and the iteration says so. An iteration that was killed is picked up by the next one: what it left
      becomes its commit. A worktree that is gone is made again from the branch.

      The exit code is 0 when the agent succeeded and the tests passed, 1 when one of them did not.
    `,
    examples: [
      ['Run the first iteration', 'git amp iterate fix-parser'],
      ['Say what to do next', 'git amp iterate fix-parser -m "Add tests for the empty string"'],
      ['In the worktree of a session its name is not needed', 'git amp iterate'],
    ],
  })

  session = Option.String({ name: 'session', required: false })
  prompt = Option.Array('-m,--prompt', { description: 'What the agent is to do now; several are paragraphs' })
  file = Option.String('-F,--file', { description: 'Take the prompt from a file; - is standard input' })
  edit = Option.Boolean('-e,--edit', false, { description: 'Write the prompt in an editor' })
  agent = Option.String('--agent', { description: 'Another agent than the session has' })
  model = Option.String('--model', { description: 'The model or mode the agent uses' })
  manual = Option.String('--manual', { description: 'What to do with changes found in the worktree: commit or refuse' })
  timeout = Option.String('--timeout', { description: 'Stop the agent after this time: 90s, 10m, 2h (amp.timeout)' })
  force = Option.Boolean('-f,--force', false, {
    description: 'Go on although an iteration has not ended on another machine',
  })
  verbose = Option.Boolean('-v,--verbose', false, { description: 'Show all that the agent and the tests print' })
  json = Option.Boolean('--json', false, { description: 'Print the iteration as JSON' })

  async run(): Promise<number | undefined> {
    const repo = await this.open({ writes: true })
    const { ui, signal } = this.context
    if (this.manual !== undefined && this.manual !== 'commit' && this.manual !== 'refuse') {
      throw usage(`--manual takes commit or refuse, not '${this.manual}'`)
    }
    const help = 'Write what the agent is to do now.'
    const sources = { paragraphs: this.prompt, file: this.file, edit: this.edit, name: 'prompt', help }
    const prompt = (await givenText(repo, this.context, sources)) ?? undefined
    const timeout = this.timeout ?? (await repo.config()).get('amp.timeout') ?? undefined
    const timeoutMs = timeout === undefined ? undefined : parseDuration(timeout)
    if (timeoutMs === null) throw usage(`'${timeout}' is no length of time`, 'Write 90s, 10m or 2h.')
    const result = await iterateSession(repo, {
      session: this.session,
      prompt,
      agent: this.agent,
      model: this.model,
      manual: this.manual,
      force: this.force,
      timeoutMs,
      signal,
      on: iterationNews(ui, { verbose: this.verbose }),
    })
    const { tip, iteration, tests, outcome, summary, manual } = result
    for (const { line, below } of remarkTexts(result.remarks)) {
      ui.warn(line)
      if (this.verbose && below !== '') ui.tell(below)
    }
    if (this.json) {
      const shown = await showSession(repo, { session: tip.id })
      const recorded = shown.iterations.find((one) => one.id === iteration.id) ?? iteration
      ui.json({
        schema: 'git-amp/iteration@1',
        session: sessionJson(shown.tip, shown.state, shown.worktree),
        iteration: iterationJson({ ...recorded, summary }),
        tests,
        manual,
      })
    } else ui.answer(renderIterate(result))
    if (outcome === 'failed') ui.error('error', `the agent failed: ${oneLine(result.reason ?? 'unknown reason')}`, [])
    if (tests !== null && tests.exit !== 0) {
      ui.error('error', `the tests fail: ${oneLine(tests.command)}`, [
        `"git amp show ${tip.id.slice(0, 4)} --iteration ${iteration.n}" shows what they printed.`,
      ])
    }
    return outcome === 'failed' || outcome === 'interrupted' || (tests !== null && tests.exit !== 0) ? 1 : 0
  }
}
