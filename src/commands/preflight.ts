import { Command, Option } from 'clipanion'
import { type PreflightOptions, preflightSession } from '../actions/preflight.js'
import { AmpCommand } from '../cli/command.js'
import type { AmpContext } from '../cli/context.js'
import { styleOption } from '../cli/style.js'
import { preflightJson, renderPreflight } from '../render/preflight.js'
import type { Repo } from '../repo.js'
import { oneLine } from '../util/sanitize.js'

/** `git amp preflight [<session>]` */
export class PreflightCommand extends AmpCommand {
  static override paths = [['preflight']]
  static override usage = Command.Usage({
    category: 'Finish a session',
    description: 'Tell what a merge of a session would meet',
    details: `
      The same as \`git amp merge --check\`. It looks at the session, its worktree, the base and its upstream as it was fetched last, predicts conflicts in
      memory, and names the type of the merge. Nothing is written, and nothing is fetched.

      The result of the tests counts for the very tree that would land. When it is not known, \`--test\` runs them on that tree, in a temporary worktree
      of their own; what they need beside the tracked files has to be made by the test command.

      Each check is \`ok\`, \`no\`, \`!\` when you should know of it, or \`-\` when nobody knows. The exit code is 1 when one of them is \`no\`.
    `,
    examples: [
      ['Look before merging', 'git amp preflight fix-parser'],
      ['With the tests', 'git amp preflight fix-parser --test'],
    ],
  })
  static override kinds = {}

  session = Option.String({ name: 'session', required: false })
  into = Option.String('--into', { description: 'Into this branch instead of the base' })
  squash = Option.Boolean('--squash', false, { description: 'As one new commit on the base' })
  ffOnly = Option.Boolean('--ff-only', false, { description: 'Only when the base can be fast-forwarded' })
  noFf = Option.Boolean('--no-ff', false, {
    description: 'Make a merge commit even when the base could be fast-forwarded',
  })
  test = Option.Boolean('--test', false, { description: 'Run the tests on what would land' })
  json = Option.Boolean('--json', false, { description: 'Print the checks as JSON' })

  async run(): Promise<number | undefined> {
    const { session, into, test } = this
    const style = styleOption(this)
    return showPreflight(await this.open({ writes: true }), this.context, {
      session,
      into,
      style,
      test,
      json: this.json,
    })
  }
}

type Shown = Omit<PreflightOptions, 'signal'> & { json: boolean }

/** Prints the checks; `git amp merge --check` does the same. @returns the exit code */
export async function showPreflight(repo: Repo, context: AmpContext, { json, ...options }: Shown): Promise<number> {
  const { ui, signal } = context
  const onTest = (command: string) => ui.tell(`Testing: ${oneLine(command)}`)
  const result = await preflightSession(repo, { ...options, signal, onTest })
  if (json) ui.json(preflightJson(result))
  else ui.answer(renderPreflight(result, { paint: (slot, text) => ui.paint(slot, text), width: ui.width }))
  for (const { hint } of result.checks) if (hint !== undefined) ui.hint(hint, 'ampPreflight')
  return result.isReady ? 0 : 1
}
