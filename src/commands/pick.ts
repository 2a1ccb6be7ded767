import { Command, Option } from 'clipanion'
import { type PickResult, pickFrom } from '../actions/pick.js'
import { AmpCommand } from '../cli/command.js'
import { usage } from '../errors.js'
import { oneLine } from '../util/sanitize.js'
import { plural } from '../util/time.js'

/** `git amp pick <session> [<commit>...]` */
export class PickCommand extends AmpCommand {
  static override paths = [['pick']]
  static override rest = '<path>...'
  static override usage = Command.Usage({
    category: 'Finish a session',
    description: 'Take some of the work of a session',
    details: `
      Takes commits of a session into the branch that is checked out here, each as \`git cherry-pick -x\` does; without a name all of the session's own.
      With paths it takes what the session, or those commits, changed in them, as \`git apply --3way --index\` does: staged, for you to commit.

      Files that you have changed here are not touched; when the work needs them, nothing is taken. A conflict is git's own: resolve it, \`git add\` the
      files, and go on with \`git cherry-pick --continue\`, or take it back with \`git cherry-pick --abort\`. The session stays as it is, and
      \`git amp undo\` takes back what was picked.
    `,
    examples: [
      ['One commit', 'git amp pick fix-parser 1a2b3c4'],
      ['What it did to some files', 'git amp pick fix-parser -- src/parser.ts tests'],
      ['All of its commits', 'git amp pick fix-parser'],
    ],
  })

  session = Option.String({ name: 'session' })
  commits = Option.Rest({ name: 'commit' })
  dryRun = Option.Boolean('-n,--dry-run', false, { description: 'Only show what would be taken' })
  json = Option.Boolean('--json', false, { description: 'Print the result as JSON' })

  async run(): Promise<number | undefined> {
    const { ui, rest } = this.context
    if (rest?.length === 0) throw usage('there is no path after "--"')
    const options = { session: this.session, commits: this.commits, paths: rest ?? [], dryRun: this.dryRun }
    const result = await pickFrom(await this.open(), options)
    const { tip, ...facts } = result
    if (this.json) ui.json({ schema: 'git-amp/pick@1', session: tip.id, ...facts })
    else ui.answer(pickLines(result, rest !== null).join('\n'))
    const { picked, dropped, files, isDryRun } = result
    if (dropped.length > 0)
      ui.tell(`Left out, because the change is here already: ${dropped.map((oid) => oid.slice(0, 12)).join(', ')}`)
    const what =
      rest === null ? plural(picked.length - dropped.length, 'commit') : `changes to ${plural(files.length, 'file')}`
    if (!this.json)
      ui.tell(`${isDryRun ? 'Would take' : rest === null ? 'Took' : 'Staged'} ${what} of ${oneLine(tip.snapshot.name)}`)
    return undefined
  }
}

/** The new commits, or the files. */
function pickLines({ picked, made, dropped, files, isDryRun }: PickResult, isPaths: boolean): string[] {
  if (isPaths) return files.map((file) => oneLine(file))
  const taken = picked.filter(({ oid }) => !dropped.includes(oid))
  return taken.map(
    ({ oid, subject }, at) => `${((isDryRun ? null : made[at]) ?? oid).slice(0, 12)} ${oneLine(subject)}`,
  )
}
