import { Command, Option } from 'clipanion'
import { findTranscripts, type TranscriptPart, transcriptItems } from '../actions/transcript.js'
import { AmpCommand } from '../cli/command.js'
import { pagePieces, pour } from '../cli/pager.js'
import { usage } from '../errors.js'
import { TranscriptPage, transcriptJson } from '../render/transcript.js'
import type { Repo } from '../repo.js'

/** `git amp transcript [<session>]` */
export class TranscriptCommand extends AmpCommand {
  static override paths = [['transcript']]
  static override usage = Command.Usage({
    category: 'Look at sessions',
    description: 'Show what the agent said and did',
    details: `
      Shows each iteration with its prompt, what the agent said, the tools it used, a line each, its errors, and how it ended; what it prints on
      stderr again and again, once. With \`--tools\` the input and output of each tool, and stderr, are shown whole. The iteration that runs now is shown as far as it has come.

      Transcripts stand in the repository, on \`refs/amp-private/transcripts/<session>\`. Secrets that are known as
      such are taken out before they are written: values of variables and of \`.env\` files whose names or looks say so, known forms of tokens, private
      keys, passwords in URLs and beside their names. A secret that looks like ordinary text is not known, and stays.
    `,
    examples: [
      ['What the agent did in the session of this worktree', 'git amp transcript'],
      ['The second iteration, with all that its tools printed', 'git amp transcript fix-parser --iteration 2 --tools'],
      ['What the agent printed, for another program', 'git amp transcript fix-parser --raw'],
    ],
  })

  session = Option.String({ name: 'session', required: false })
  iteration = Option.String('--iteration', { description: 'Show this iteration alone' })
  tools = Option.Boolean('--tools', false, { description: 'Show input and output of the tools whole' })
  raw = Option.Boolean('--raw', false, { description: 'Print the lines of the agent as they are stored' })
  json = Option.Boolean('--json', false, { description: 'Print what happened as JSON, an event a line' })

  async run(): Promise<number | undefined> {
    const iteration = this.iteration === undefined ? undefined : Number(this.iteration)
    if (iteration !== undefined && !(Number.isInteger(iteration) && iteration > 0))
      throw usage(`'${this.iteration}' is no iteration number`)
    const repo = await this.open()
    const { ui, stdout } = this.context
    const { tip, parts, missing, worktree } = await findTranscripts(repo, { session: this.session, iteration })
    if (this.raw) await pour(stdout, rawLines(parts))
    else if (this.json) await pour(stdout, jsonLines(repo, tip.id, parts))
    else if (parts.length > 0) await pagePieces(this.context, this.drawn(repo, { parts, worktree }))
    const name = tip.snapshot.name
    if (tip.snapshot.iterations === 0) ui.hint(`session ${name} has no iteration yet`, 'ampEmpty')
    else if (missing.length > 0) {
      const which = missing.map(({ n }) => n).join(', ')
      ui.hint(`no transcript of iteration ${which} here; where the session ran, there may be one`, 'ampEmpty')
    }
    return undefined
  }

  private async *drawn(
    repo: Repo,
    { parts, worktree }: { parts: readonly TranscriptPart[]; worktree: string | null },
  ): AsyncGenerator<string> {
    const { ui, host } = this.context
    const screen = { paint: ui.paint.bind(ui), now: host.now(), width: ui.width }
    const page = new TranscriptPage(screen, { tools: this.tools, worktree })
    for await (const item of transcriptItems(repo, parts)) yield page.draw(item)
  }
}

async function* rawLines(parts: readonly TranscriptPart[]): AsyncGenerator<Uint8Array> {
  for (const { lines } of parts)
    for await (const { stream, data, more } of lines())
      if (stream === 'out' || stream === 'err') yield more ? data : Buffer.concat([data, Buffer.from('\n')])
}

async function* jsonLines(repo: Repo, session: string, parts: readonly TranscriptPart[]): AsyncGenerator<string> {
  let n = 0
  for await (const item of transcriptItems(repo, parts)) {
    if (item.type === 'iteration') n = item.iteration.n
    yield `${transcriptJson(item, { session, n })}\n`
  }
}
