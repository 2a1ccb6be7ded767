import { Command, Option } from 'clipanion'
import { blameSessions } from '../actions/blame.js'
import { AmpCommand } from '../cli/command.js'
import { page } from '../cli/pager.js'
import { usage } from '../errors.js'
import { blameJson, renderBlame } from '../render/blame.js'

/** Options of `git blame` that change what it prints, which git-amp prints itself. */
const printed =
  /^(-p|--porcelain|--line-porcelain|--incremental|-c|-t|-f|--show-name|-n|--show-number|--score-debug|--show-stats|--color-.*|--date.*|--abbrev.*|-b|--root|--progress|-h)$/

/** `git amp blame [<rev>] <file>` */
export class BlameCommand extends AmpCommand {
  static override paths = [['blame']]
  static override kinds = { first: 'ref:rev', second: 'file:file' }
  static override rest = '<file>'
  static override passesOptions = true
  static override usage = Command.Usage({
    category: 'Look at sessions',
    description: 'Show who wrote each line, with session and iteration',
    details: `
      As \`git blame [<rev>] [--] <file>\`, with the session and the iteration of each line, and the agent in the place of the author where an agent wrote it. Lines of a
      squash are those of the iterations that wrote them; where nobody can tell which, as after a conflict, the numbers of all stand there, as \`1|2\`.

      Options that say which lines are looked at, and how they are followed, are those of \`git blame\`: \`-L\`, \`-w\`, \`-M\`, \`-C\`, \`--ignore-rev\`,
      \`--since\`, \`--first-parent\`. For programs there is \`--json\`, and \`git blame --porcelain\`.
    `,
    examples: [
      ['A whole file', 'git amp blame src/parse.ts'],
      ['A function, moved lines as those who wrote them', 'git amp blame -M -L :parse src/parse.ts'],
      ['As it was in a release', 'git amp blame v1.2 -- src/parse.ts'],
    ],
  })

  first = Option.String({ name: 'first', required: false })
  second = Option.String({ name: 'second', required: false })
  long = Option.Boolean('-l', false, { description: 'Print whole commit ids' })
  short = Option.Boolean('-s', false, { description: 'Leave out who and when' })
  mail = Option.Boolean('-e,--show-email', false, { description: "Print a human's mail address instead of the name" })
  json = Option.Boolean('--json', false, { description: 'Print the lines as JSON' })

  async run(): Promise<number | undefined> {
    const { ui, passed, rest } = this.context
    const words = [this.first, this.second].filter((word) => word !== undefined)
    const files = rest ?? words.splice(-1)
    const [file, ...others] = files
    if (file === undefined || others.length > 0 || words.length > 1)
      throw usage('git amp blame takes one file, and one commit before it')
    const unfit = passed.find((option) => printed.test(option))
    if (unfit !== undefined)
      throw usage(
        `'${unfit}' changes what git prints, and git amp blame prints by itself`,
        'For scripts there is --json.',
      )
    const result = await blameSessions(await this.open(), { file, rev: words[0] ?? null, options: passed })
    if (this.json) ui.json(blameJson(result))
    else {
      const form = { isLong: this.long, isShort: this.short, hasMail: this.mail }
      await page(this.context, renderBlame(result, { ...form, paint: ui.paint.bind(ui) }))
    }
    return undefined
  }
}
