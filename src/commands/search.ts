import { Command, Option } from 'clipanion'
import { type Hit, type SearchOptions, searchSessions } from '../actions/search.js'
import type { BrokenSession } from '../actions/shared/sessions.js'
import { AmpCommand } from '../cli/command.js'
import { pagePieces, pour } from '../cli/pager.js'
import { usage } from '../errors.js'
import { type Context, firstLines, SearchPage, searchJson } from '../render/search.js'
import { oneLine } from '../util/sanitize.js'

/** `git amp search <text>` */
export class SearchCommand extends AmpCommand {
  static override paths = [['search']]
  static override kinds = {
    '--file': 'file',
    '--context': 'none:n',
    '--before-context': 'none:n',
    '--after-context': 'none:n',
  }
  static override usage = Command.Usage({
    category: 'Look at sessions',
    description: 'Search prompts, results, comments and transcripts',
    details: `
      Searches what was asked, said and commented in all sessions of this clone, merged, closed and archived ones too, without an index. The session in
      which something happened last comes first; in a session, matches come in the order of time, each with its iteration and what it is: \`prompt\`,
      \`transcript\` (what the agent said, and what its tools were given and gave), \`stderr\`, \`result\` (the agent's last word), \`comment\`.

      The text is searched for as it stands, in the words that were said and not in the form in which they are stored: quotes, line breaks and emoji
      are themselves. With \`-E\` it is a regular expression, in JavaScript's syntax with the \`[:classes:]\`, \`\\<\` and \`\\>\` of grep. What an
      agent says again in the same iteration is shown once. Transcripts are searched where they are: they leave the clone of their agent only with
      \`git amp sync --transcripts\`.

      As with grep, the exit code is 1 when nothing was found.
    `,
    examples: [
      ['Where did we talk about this?', 'git amp search "nested quotes"'],
      ['In any case, with two lines around', 'git amp search -i -C2 econnreset'],
      [
        'What one agent said since Monday about a file',
        'git amp search -E "retry|timeout" --agent claude --since monday --file src/http.ts',
      ],
    ],
  })

  text = Option.String({ name: 'text' })
  ignoreCase = Option.Boolean('-i,--ignore-case', false, { description: 'Upper and lower case are the same' })
  regex = Option.Boolean('-E,--extended-regexp', false, { description: 'The text is a regular expression' })
  fixed = Option.Boolean('-F,--fixed-strings', false, {
    description: 'The text is searched for as it stands, as it is without this',
  })
  around = Option.String('-C,--context', { description: 'Show this many lines around each match' })
  before = Option.String('-B,--before-context', { description: 'Show this many lines before each match' })
  after = Option.String('-A,--after-context', { description: 'Show this many lines after each match' })
  since = Option.String('--since', { description: 'Only what was said after this date' })
  until = Option.String('--until', { description: 'Only what was said before this date' })
  agent = Option.String('--agent', { description: 'Only iterations of this agent' })
  file = Option.String('--file', { description: 'Only sessions that changed this file' })
  maxCount = Option.String('-n,--max-count', { description: 'Stop after this many lines with a match' })
  json = Option.Boolean('--json', false, { description: 'Print what is found as JSON, a text a line' })

  async run(): Promise<number | undefined> {
    if (this.text === '') throw usage('there is nothing to search for')
    if (this.regex && this.fixed) throw usage('-E and -F exclude each other')
    const around = numberOf('context', this.around) ?? 0
    const context: Context = {
      before: numberOf('before-context', this.before) ?? around,
      after: numberOf('after-context', this.after) ?? around,
    }
    const max = numberOf('max-count', this.maxCount)
    const repo = await this.open()
    const { ui, stdout, signal } = this.context
    const broken: BrokenSession[] = []
    const pattern = { text: this.text, isRegex: this.regex, ignoreCase: this.ignoreCase }
    const { since, until, agent, file } = this
    const asked: SearchOptions = { pattern, since, until, agent, file, broken, signal }
    let found = 0
    const onFound = (count: number) => {
      found += count
    }
    const hits = upTo(searchSessions(repo, asked), { max, onFound })
    if (this.json)
      await pour(
        stdout,
        drawn(hits, (hit) => `${searchJson(hit, context)}\n`),
      )
    else {
      const screen = { paint: ui.paint.bind(ui), now: this.context.host.now(), width: ui.width }
      const page = new SearchPage({ ...screen, match: (text) => ui.paint('match', text) }, context)
      await pagePieces(
        this.context,
        drawn(hits, (hit) => page.draw(hit)),
      )
    }
    for (const { ref, reason } of broken) ui.warn(`${ref} cannot be read: ${oneLine(reason)}`)
    return found > 0 ? 0 : 1
  }
}

function numberOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined || /^\d{1,6}$/.test(text)) return text === undefined ? undefined : Number(text)
  throw usage(`--${name} takes a number, not '${text}'`)
}

/** Hits until they have so many lines with matches. */
async function* upTo(
  hits: AsyncIterable<Hit>,
  { max = Number.POSITIVE_INFINITY, onFound }: { max: number | undefined; onFound: (count: number) => void },
): AsyncGenerator<Hit> {
  let left = max
  if (left === 0) return
  for await (const hit of hits) {
    const { kept, count } = firstLines(hit, left)
    left -= count
    onFound(count)
    yield kept
    if (left === 0) return
  }
}

async function* drawn(hits: AsyncIterable<Hit>, draw: (hit: Hit) => string): AsyncGenerator<string> {
  for await (const hit of hits) yield draw(hit)
}
