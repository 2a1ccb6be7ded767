import { Command, Option } from 'clipanion'
import { type LoggedOperation, listOperations } from '../actions/oplog.js'
import { AmpCommand } from '../cli/command.js'
import { usage } from '../errors.js'
import { porcelain } from '../render/json.js'
import { operationJson, oplogFields, oplogValues, renderOplog } from '../render/oplog.js'
import { compileFormat } from '../util/format.js'

/** `git amp oplog [<session>]` */
export class OplogCommand extends AmpCommand {
  static override paths = [['oplog']]
  static override kinds = { '--porcelain': 'v1|' }
  static override usage = Command.Usage({
    category: 'Take back',
    description: 'List what git-amp did here, newest first',
    details: `
      Every command that moves a branch or a worktree is one operation, recorded in this clone alone with the refs before and after.
      \`git amp undo <operation>\` takes one back. Operations are kept for 90 days.

      Fields of \`--format\` are those of \`--porcelain\`: ${oplogFields.map((field) => `\`${field}\``).join(', ')}.
    `,
    examples: [
      ['The last operations', 'git amp oplog -n 5'],
      ['Those of one session, for a script', "git amp oplog fix-parser --format '%(operation) %(command)'"],
    ],
  })

  session = Option.String({ name: 'session', required: false })
  maxCount = Option.String('-n,--max-count', { description: 'Show at most this many' })
  format = Option.String('--format', { description: 'Print each operation in this form, as "git for-each-ref" does' })
  porcelain = Option.String('--porcelain', {
    tolerateBoolean: true,
    description: 'Print records for scripts, in a form that stays',
  })
  nul = Option.Boolean('-z', false, { description: 'End lines with NUL instead of newline' })
  json = Option.Boolean('--json', false, { description: 'Print the operations as JSON' })

  async run(): Promise<number | undefined> {
    const { ui, host } = this.context
    const maxCount = this.maxCount === undefined ? undefined : Number(this.maxCount)
    if (maxCount !== undefined && !(Number.isInteger(maxCount) && maxCount >= 0))
      throw usage(`'${this.maxCount}' is no number`)
    if (typeof this.porcelain === 'string' && this.porcelain !== 'v1')
      throw usage(`unknown porcelain version '${this.porcelain}'`, 'Known: v1.')
    const operations = await listOperations(await this.open(), { session: this.session, maxCount })
    if (this.json) ui.json({ schema: 'git-amp/oplog@1', operations: operations.map(operationJson) })
    else if (this.format !== undefined || this.porcelain !== undefined) ui.answer(this.forScripts(operations))
    else
      ui.answer(
        renderOplog(operations, { paint: (slot, text) => ui.paint(slot, text), now: host.now(), width: ui.width }),
      )
    if (operations.length === 0) ui.hint('Nothing is recorded here yet.', 'ampEmpty')
    return undefined
  }

  private forScripts(operations: readonly LoggedOperation[]): string {
    const values = operations.map(oplogValues)
    if (this.format === undefined) return porcelain(values, oplogFields, this.nul)
    const fill = compileFormat(this.format, [...oplogFields, 'id'])
    return values.map((value) => `${fill(value)}${this.nul ? '\0' : '\n'}`).join('')
  }
}
