import { Command, Option } from 'clipanion'
import { type Removal, removeSessions } from '../actions/remove.js'
import { AmpCommand } from '../cli/command.js'
import { usage } from '../errors.js'
import { sessionJson } from '../render/json.js'
import { oneLine } from '../util/sanitize.js'

/** `git amp remove <session>...` */
export class RemoveCommand extends AmpCommand {
  static override paths = [['remove'], ['rm'], ['cleanup']]
  static override usage = Command.Usage({
    category: 'Put aside',
    description: 'Remove sessions whose work is merged; keep their history',
    details: `
      Closes sessions and moves their worktrees, ignored files included, into the trash of this clone. \`git amp undo\` brings them back. The history of a session stays:
      \`git amp list -a\`, \`show\` and \`log\` tell of it, and its commits stay reachable.

      What would lose work is refused: uncommitted and untracked files, other repositories inside of the worktree, and commits that are not in the
      base, its upstream or the branch they were merged into, be it by ancestry or by content, as after a squash merge or a cherry-pick. \`-f\` takes a snapshot
      first and goes on. A worktree that is locked, or in the middle of a merge or rebase, is refused with \`-f\` as well.
    `,
    examples: [
      ['Remove a merged session and its branch', 'git amp remove -D fix-parser'],
      ['See which sessions are merged', 'git amp remove --merged -n'],
    ],
  })

  sessions = Option.Rest({ name: 'session' })
  branch = Option.Boolean('-D,--delete-branch', false, { description: 'Delete the branch as well' })
  force = Option.Boolean('-f,--force', false, { description: 'Remove work that is nowhere else, after a snapshot' })
  merged = Option.Boolean('--merged', false, { description: 'All sessions whose work is merged' })
  dryRun = Option.Boolean('-n,--dry-run', false, { description: 'Only show what would be removed' })
  json = Option.Boolean('--json', false, { description: 'Print the result as JSON' })

  async run(): Promise<number | undefined> {
    if (this.merged && this.sessions.length > 0) throw usage('--merged takes no session')
    if (this.merged && this.force) throw usage('--merged and --force exclude each other')
    const { ui } = this.context
    const { sessions, merged, branch, force, dryRun } = this
    const { removed, kept, isDryRun } = await removeSessions(await this.open(), {
      sessions,
      merged,
      branch,
      force,
      dryRun,
    })
    for (const { tip, reason } of kept)
      ui.warn(`${tip.id.slice(0, 4)} ${oneLine(tip.snapshot.slug)} stays: ${oneLine(reason)}`)
    if (this.json) {
      const all = removed.map(({ tip, ...rest }) => ({ session: sessionJson(tip, null), ...rest }))
      const left = kept.map(({ tip, reason }) => ({ session: tip.id, reason }))
      ui.json({ schema: 'git-amp/remove@1', removed: all, kept: left, isDryRun })
      return undefined
    }
    ui.answer(removed.map((one) => words(one, isDryRun)).join('\n'))
    if (removed.length === 0) ui.hint('There is nothing to remove.', 'ampEmpty')
    else if (!isDryRun) ui.hint('git amp undo brings it back', 'ampRemoved')
    return undefined
  }
}

function words({ tip, worktree, branch, containedIn, snapshot }: Removal, isDryRun: boolean): string {
  const parts = [
    ...(worktree === null ? [] : ['worktree']),
    ...(branch === null ? [] : [`branch ${oneLine(branch)}`]),
    ...(snapshot === null ? [] : [`snapshot ${snapshot.slice(0, 12)} kept`]),
  ]
  const why = containedIn === null ? 'not merged' : `in ${oneLine(containedIn.replace(/^refs\/(heads|remotes)\//, ''))}`
  return `${isDryRun ? 'would remove' : 'removed'} ${tip.id.slice(0, 4)} ${oneLine(tip.snapshot.slug)} (${[why, ...parts].join(', ')})`
}
