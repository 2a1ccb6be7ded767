import { Command, Option } from 'clipanion'
import { resumeSession } from '../actions/resume.js'
import { AmpCommand } from '../cli/command.js'
import { sessionJson } from '../render/json.js'

/** `git amp resume [<session>]` */
export class ResumeCommand extends AmpCommand {
  static override paths = [['resume']]
  static override usage = Command.Usage({
    category: 'Put aside',
    description: 'Bring a session back, here or in another clone',
    details: `
      Makes the branch and the worktree of a session that has none here, such as one that came by \`git amp sync\`. Of a paused one the worktree is as it was, with everything that was uncommitted: index entries and flags, files, untracked
      files, modes and symbolic links. Prints the path of the worktree. When the branch has moved meanwhile, or the snapshot was not pushed by the clone that made it
      (\`git amp sync --snapshots\`), nothing is done, unless \`-f\` says to go on without the uncommitted work, which stays in its snapshot.
    `,
    examples: [['Go on where you stopped', 'cd "$(git amp resume fix-parser)"']],
  })

  session = Option.String({ name: 'session', required: false })
  force = Option.Boolean('-f,--force', false, {
    description: 'Go on without the uncommitted work when it cannot be put back',
  })
  json = Option.Boolean('--json', false, { description: 'Print the result as JSON' })

  async run(): Promise<number | undefined> {
    const { ui } = this.context
    const { tip, path, left } = await resumeSession(await this.open(), { session: this.session, force: this.force })
    if (this.json) ui.json({ schema: 'git-amp/resume@1', session: sessionJson(tip, null, path), left })
    else ui.answer(path)
    if (left !== null)
      ui.hint(`The uncommitted work is in ${left}: git -C ${path} stash apply ${left.slice(0, 12)}`, 'ampPaused')
    return undefined
  }
}
