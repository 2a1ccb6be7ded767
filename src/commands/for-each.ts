import { Command, Option } from 'clipanion'
import { eachSessionHere } from '../actions/for-each.js'
import { sessionStates, sortKeys } from '../actions/list.js'
import { AmpCommand } from '../cli/command.js'
import { usage } from '../errors.js'
import { listFields, listValues } from '../render/json.js'
import { compileFormat } from '../util/format.js'
import { oneLine } from '../util/sanitize.js'

/** As `git for-each-ref` has one. */
const usualFormat = '%(id) %(state)%09%(branch)'

/** `git amp for-each` */
export class ForEachCommand extends AmpCommand {
  static override paths = [['for-each']]
  static override kinds = {
    '--format': 'none:format',
    '--count': 'none:number',
    '--sort': sortKeys.join('|'),
    '--state': sessionStates.join('|'),
  }
  static override usage = Command.Usage({
    category: 'For scripts',
    description: 'Print every session in a form of your own',
    details: `
      Prints one line for each session, merged, closed and archived ones too, as \`git for-each-ref\` does for refs. Fields keep their names and
      their meaning in later versions. They are ${[...listFields, 'id', 'id:short'].map((field) => `\`%(${field})\``).join(', ')}; \`%%\` is a percent sign and \`%xx\` the byte with that code.
      Without \`--format\` it is \`%(id) %(state)%09%(branch)\`, and without \`--sort\` the oldest session comes first.
    `,
    examples: [
      ['Branches of idle sessions', "git amp for-each --state idle --format '%(branch)'"],
      ['Names with their last change', "git amp for-each --sort updated --format '%(updated) %(name)'"],
    ],
  })

  format = Option.String('--format', usualFormat, { description: 'The form of a line' })
  states = Option.Array('--state', { description: 'Only sessions in this state; may be repeated' })
  sort = Option.String('--sort', 'created', {
    description: 'Sort by updated, created, name or state; a leading - turns it round',
  })
  count = Option.String('--count', { description: 'Print at most this many' })
  nul = Option.Boolean('-z', false, { description: 'End lines with NUL instead of newline' })

  async run(): Promise<number | undefined> {
    const { ui } = this.context
    const fill = compileFormat(this.format, [...listFields, 'id', 'id:short'])
    const count = this.count === undefined ? undefined : Number(this.count)
    if (count !== undefined && !(Number.isInteger(count) && count >= 0))
      throw usage(`--count takes a number, not '${this.count}'`)
    const wanted = { states: this.states, sort: this.sort, maxCount: count }
    const { sessions, broken } = await eachSessionHere(await this.open(), wanted)
    for (const { ref, reason } of broken) ui.warn(`${ref} cannot be read: ${oneLine(reason)}`)
    const end = this.nul ? '\0' : '\n'
    ui.answer(sessions.map(({ session, worktree }) => `${fill(listValues(session, worktree))}${end}`).join(''))
    return broken.length > 0 ? 1 : 0
  }
}
