import { Command, Option } from 'clipanion'
import { resolveSession } from '../actions/rev-parse.js'
import { AmpCommand } from '../cli/command.js'
import { usage } from '../errors.js'

/** `git amp rev-parse <session>` */
export class RevParseCommand extends AmpCommand {
  static override paths = [['rev-parse']]
  static override usage = Command.Usage({
    category: 'For scripts',
    description: 'Turn the name of a session into its id',
    details: `
      Takes what every command takes for a session: \`@\`, \`-\`, \`@{-2}\`, an id or the beginning of one, a name, a branch, the path of a worktree. Prints the full id, or
      what is asked for instead. This form stays as it is.
    `,
    examples: [
      ['The id of a session', 'git amp rev-parse fix-parser'],
      ['Its last commit', 'git show "$(git amp rev-parse --head fix-parser)"'],
    ],
  })

  session = Option.String({ name: 'session' })
  head = Option.Boolean('--head', false, { description: 'Print the commit that the session stands on' })
  base = Option.Boolean('--base', false, { description: 'Print the commit that it began from' })
  branch = Option.Boolean('--branch', false, { description: 'Print the full name of its branch' })
  chain = Option.Boolean('--chain', false, { description: 'Print the tip of its history in refs/amp' })

  async run(): Promise<number | undefined> {
    const asked = (['head', 'base', 'branch', 'chain'] as const).filter((name) => this[name])
    if (asked.length > 1) throw usage(`--${asked[0]} and --${asked[1]} cannot be used together`)
    const values = await resolveSession(await this.open(), this.session)
    this.context.ui.answer(values[asked[0] ?? 'id'])
    return undefined
  }
}
