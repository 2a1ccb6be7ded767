import { Command, Option } from 'clipanion'
import { addComment, findTarget, sessionComments, settleComments, withTexts } from '../actions/comment.js'
import { AmpCommand } from '../cli/command.js'
import { givenText } from '../cli/text.js'
import { usage } from '../errors.js'
import { commentsJson, renderComments } from '../render/comment.js'

/** `git amp comment [<session>] [<file>[:<line>]]` */
export class CommentCommand extends AmpCommand {
  static override paths = [['comment']]
  static override kinds = {
    target: 'file:file[:line[,line]]',
    '--message': 'none:text',
    '--file': 'file',
    '--resolve': 'none:comment',
    '--reopen': 'none:comment',
  }
  static override usage = Command.Usage({
    category: 'Work in a session',
    description: 'Comment on lines of code for the next iteration, or list comments',
    details: `
      Without a text, the comments that are not resolved are listed. A comment is about the session, a file or lines of it: \`src/parse.c\`, \`src/parse.c:12\` or \`src/parse.c:12,20\`, from the current directory. The next
      iteration tells its agent all comments that are not resolved, with the code that they point at as it stands then; when the agent has changed
      something, they are resolved. The \`shell\` agent runs its prompt as a program and is told none.

      Comments travel with the session. Those that come from elsewhere are told to an agent only after \`git amp trust\`.
    `,
    examples: [
      ['Comment on a line', 'git amp comment fix-parser src/parse.c:12 -m "What if the string ends here?"'],
      ['List the open comments of a session', 'git amp comment fix-parser'],
      ['Resolve one by hand', 'git amp comment fix-parser --resolve 7k2m'],
    ],
  })

  session = Option.String({ name: 'session', required: false })
  target = Option.String({ name: 'target', required: false })
  text = Option.Array('-m,--message', { description: 'The comment; repeated, each is a paragraph' })
  file = Option.String('-F,--file', { description: 'Take the comment from a file; - is standard input' })
  edit = Option.Boolean('-e,--edit', false, { description: 'Write the comment in an editor' })
  resolved = Option.Array('--resolve', { description: 'Resolve this comment, by its id; may be repeated' })
  reopened = Option.Array('--reopen', { description: 'Open this comment again; may be repeated' })
  all = Option.Boolean('-a,--all', false, { description: 'List resolved comments as well' })
  json = Option.Boolean('--json', false, { description: 'Print the result as JSON' })

  async run(): Promise<number | undefined> {
    const { ui, host } = this.context
    const repo = await this.open()
    const { session, target } = await findTarget(repo, [this.session, this.target])
    const writes = this.text !== undefined || this.file !== undefined || this.edit
    const ids = this.resolved ?? this.reopened
    const asked = [writes, this.resolved !== undefined, this.reopened !== undefined, this.all]
    if (asked.filter((one) => one).length > 1)
      throw usage('-m, --resolve, --reopen and --all do different things', 'Use one of them.')
    if (ids !== undefined) {
      const to = this.resolved === undefined ? 'reopened' : 'resolved'
      const { tip, comments } = await settleComments(repo, { session, ids, to })
      if (this.json) ui.json(commentsJson(tip, await withTexts(repo, comments)))
      else ui.answer(`${to} ${comments.map(({ id }) => id.slice(0, 4)).join(', ')}`)
    } else if (writes) {
      const help = 'Write the comment. An empty one is not kept.'
      const sources = { paragraphs: this.text, file: this.file, edit: this.edit, name: 'comment', help }
      const text = (await givenText(repo, this.context, sources)) ?? ''
      const { tip, comment } = await addComment(repo, { session, target, text })
      if (this.json) ui.json(commentsJson(tip, await withTexts(repo, [comment])))
      else ui.answer(comment.id)
      ui.hint('The next iteration tells its agent.', 'ampComment')
    } else {
      const { tip, comments } = await sessionComments(repo, { session, target, all: this.all })
      if (this.json) ui.json(commentsJson(tip, comments))
      else ui.answer(renderComments(comments, { paint: (slot, text) => ui.paint(slot, text), now: host.now() }))
      if (comments.length === 0) ui.tell(this.all ? 'No comments.' : 'No open comments.')
    }
    return undefined
  }
}
