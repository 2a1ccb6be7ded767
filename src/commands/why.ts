import { Command, Option } from 'clipanion'
import { type WhyResult, whyLines } from '../actions/why.js'
import { AmpCommand } from '../cli/command.js'
import { page } from '../cli/pager.js'
import { renderWhy, whyJson } from '../render/why.js'
import { shellWord } from '../util/quote.js'

/** `git amp why <file>[:<line>[,<line>]]` */
export class WhyCommand extends AmpCommand {
  static override paths = [['why']]
  static override kinds = { place: 'file:file', '--rev': 'ref' }
  static override usage = Command.Usage({
    category: 'Look at sessions',
    description: 'Tell the prompt, the agent and the iteration behind a line',
    details: `
      Takes \`<file>:<line>\`, \`<file>:<from>,<to>\` or a whole file. It asks \`git blame\` for the commit of a line, and the sessions for what is behind it: session, iteration, agent, prompt, what the agent said, and
      the tests. A line that a human wrote is told as that human's.

      It finds its way through what rewrote the commits since: a rebase and a cherry-pick keep the \`Amp-Iteration\` trailer; in a squash, which has
      several, the commits that it was made of are blamed, which the session keeps; a commit that names no session is compared with the work of the
      sessions by \`git patch-id\`. Where nobody can tell which iteration of a squash wrote a line, as after a conflict, all of them are named.

      For one reason behind all lines its story is told; for several there is a table of who wrote which lines. Session and iteration are known in
      every clone that has the session (\`git amp sync\`), also when it is archived; of others the commit and its note tell.
    `,
    examples: [
      ['Who wrote line 42, and what for', 'git amp why src/parse.ts:42'],
      ['Everybody behind some lines', 'git amp why src/parse.ts:40,60'],
      ['Who wrote this file', 'git amp why src/parse.ts'],
      ['As it was in a release', 'git amp why --rev v1.2 src/parse.ts:42'],
    ],
  })

  place = Option.String({ name: 'place' })
  rev = Option.String('--rev', { description: 'Look at the file as it was in this commit' })
  json = Option.Boolean('--json', false, { description: 'Print the reasons as JSON' })

  async run(): Promise<number | undefined> {
    const { ui, host } = this.context
    const result = await whyLines(await this.open(), { place: this.place, rev: this.rev })
    if (this.json) {
      ui.json(whyJson(result))
      return undefined
    }
    const screen = { paint: ui.paint.bind(ui), now: host.now(), width: ui.width }
    await page(this.context, renderWhy(result, screen))
    const next = nextStep(result)
    if (next !== null) ui.hint(next, 'ampWhy')
    return undefined
  }
}

function nextStep({ path, reasons }: WhyResult): string | null {
  const [only, ...others] = reasons
  if (only === undefined) return null
  if (others.length > 0) return `git amp why ${shellWord(`${path}:${others[0]?.lines[0]?.line ?? 1}`)}`
  const { session, iteration } = only.origin
  if (session !== null && session.tip === null)
    return `"git amp sync" brings session ${session.id}, if the remote has it.`
  if (session === null || iteration?.n == null) return null
  return `git amp show ${session.id.slice(0, 4)} --iteration ${iteration.n}`
}
