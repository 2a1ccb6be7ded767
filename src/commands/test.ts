import { Command, Option } from 'clipanion'
import { testSession } from '../actions/test.js'
import { AmpCommand } from '../cli/command.js'
import { unrecordedWords } from '../render/session.js'
import { oneLine } from '../util/sanitize.js'
import { duration } from '../util/time.js'

/** `git amp test [<session>]` */
export class TestCommand extends AmpCommand {
  static override paths = [['test']]
  static override usage = Command.Usage({
    category: 'Work in a session',
    description: 'Run the test command and record its result',
    details: `
      Runs the session's test command (\`--test\` of \`git amp new\`, else \`amp.test\`) in its worktree. The result is recorded for the worktree's
      tree, uncommitted files included, unless files change while it runs; a tree that has a result is not tested again without \`--force\`. A command ended by a signal has
      failed. The exit code is 0 when the tests pass and 1 when they do not.
    `,
    examples: [['Test a session', 'git amp test fix-parser']],
  })

  session = Option.String({ name: 'session', required: false })
  force = Option.Boolean('-f,--force', false, { description: 'Run although this tree has a result' })
  json = Option.Boolean('--json', false, { description: 'Print the result as JSON' })

  async run(): Promise<number | undefined> {
    const repo = await this.open({ writes: true })
    const { ui, signal } = this.context
    const result = await testSession(repo, {
      session: this.session,
      force: this.force,
      signal,
      onStart: (command) => ui.tell(`Testing: ${oneLine(command)}`),
      onLine: (line) => ui.tell(`  ${oneLine(line, 500)}`),
    })
    const { run, exit, tree, command, tip } = result
    const passed = exit === 0
    const unrecorded = run === null ? null : unrecordedWords(run)
    if (unrecorded !== null) {
      ui.warn(unrecorded)
      ui.hint('Name what the tests themselves write in .gitignore.', 'ampTested')
    }
    if (this.json) {
      const { signal: killed = null, durationMs = null, output = null } = run ?? {}
      ui.json({
        schema: 'git-amp/test@1',
        session: tip.id,
        command,
        tree,
        exit,
        signal: killed,
        passed,
        ran: run !== null,
        recorded: unrecorded === null,
        durationMs,
        output,
      })
    } else if (run === null) ui.answer(`tests ${passed ? 'pass' : 'fail'} (this tree was tested before)`)
    else
      ui.answer(
        `tests ${passed ? 'pass' : run.signal === null ? `fail (exit code ${exit})` : `fail (ended by ${run.signal})`} in ${duration(run.durationMs)}`,
      )
    if (run === null) ui.hint('Run them again with --force.', 'ampTested')
    return passed ? 0 : 1
  }
}
