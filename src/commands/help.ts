import { Command, Option } from 'clipanion'
import { named } from '../cli/call.js'
import { AmpCommand } from '../cli/command.js'
import type { AmpContext } from '../cli/context.js'
import { specOf } from '../cli/describe.js'
import { openMan, page } from '../cli/pager.js'
import type { CommandSpec } from '../cli/spec.js'
import { type Registry, registry } from '../registry.js'
import { renderOverview, renderPage } from '../render/help.js'
import { pageName } from '../render/synopsis.js'

/** `git amp help [<command>]` */
export class HelpCommand extends AmpCommand {
  static override paths = [['help']]
  static override usage = Command.Usage({
    category: 'Set up and learn',
    description: 'Show the manual of git-amp or of one command',
    details: `
      Opens the manual page, or prints the same text where there is no \`man\` program or no terminal. It works outside of a
      repository too.

      \`git amp <command> --help\` does the same for one command, and \`git amp <command> -h\` prints a short help. \`git amp --help\` is
      answered by git itself, which looks for an installed manual page.
    `,
    examples: [
      ['Read the overview', '$0 help'],
      ['Read about one command', '$0 help new'],
    ],
  })

  words = Option.Rest({ name: 'command' })

  async run(): Promise<undefined> {
    if (this.words.length === 0) return showOverview(this.context, registry)
    const entry = named(Object.values(registry).flat(), this.words.join(' '))
    return showCommand(this.context, specOf(await entry.load()))
  }
}

/** Shows the page of git-amp as a whole. */
export async function showOverview(context: AmpContext, table: Registry): Promise<undefined> {
  if (!(await openMan(context, 'git-amp'))) await page(context, renderOverview(table))
}

/** Shows the page of one command. */
export async function showCommand(context: AmpContext, spec: CommandSpec): Promise<undefined> {
  if (!(await openMan(context, pageName(spec)))) await page(context, renderPage(spec))
}
