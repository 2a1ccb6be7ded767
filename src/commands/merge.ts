import { Command, Option } from 'clipanion'
import { abortMerge, continueMerge, isRemoteOnly, type MergeResult, mergeSession } from '../actions/merge.js'
import type { MergeStyle } from '../actions/shared/landing.js'
import type { MergeStep } from '../actions/shared/merge-steps.js'
import type { MergePlan } from '../actions/shared/merging.js'
import { AmpCommand } from '../cli/command.js'
import { styleOption } from '../cli/style.js'
import { givenText } from '../cli/text.js'
import { usage } from '../errors.js'
import { mergeJson, mergeWords, renderStep } from '../render/merge.js'
import { pendingLine } from '../render/session.js'
import type { Repo } from '../repo.js'
import { oneLine } from '../util/sanitize.js'
import { showPreflight } from './preflight.js'

/** `git amp merge [<session>]` */
export class MergeCommand extends AmpCommand {
  static override paths = [['merge']]
  static override kinds = { '--manual': 'keep|include' }
  static override usage = Command.Usage({
    category: 'Finish a session',
    description: 'Merge a session into its base branch',
    details: `
      Goes through these steps and shows each of them: the squash, when \`--squash\` or \`amp.mergeStyle\` wants one; the rebase onto the base as it is
      now; the tests, on the very tree that lands; the merge; the clean-up of worktree and branch; and last of all the push. It is one operation:
      \`git amp undo\` takes all of it back, but for what was pushed.

      The base moves from the value that was seen, and nobody's checkout is switched. Where the base is checked out, that checkout is updated when
      nothing of the user's is in the way, ignored files included, else the merge is refused before anything is changed. When the base moves meanwhile, it is planned again,
      three times at most. A session whose last iteration was interrupted is merged with \`-f\` only: nobody has looked at what was left.

      A conflict stops the rebase in the session's worktree, as it stops \`git rebase\`; failing tests stop the merge as well. When that is put right, \`--continue\` goes
      on; \`--abort\` takes back what was done. Both work after a crash.

      \`amp.mergeStyle\` is \`ff\` (default: fast-forward, after the rebase), \`ff-only\`, \`no-ff\` (always a merge commit) or \`squash\` (the \`amp:\` commits become one
      first; your own stay, see \`git amp squash\`). A session with merges that a rebase would lose gets a merge commit, and so does any with \`--no-rebase\` when the
      base has moved on.

      \`--pr\` merges nothing: it pushes the session's branch and opens a pull request, with \`gh\` or \`glab\` when one of them is installed, else by the address that the host offers. The
      session is in review then; once more it pushes the branch again. \`--check\` only looks: see \`git amp preflight\`.
    `,
    examples: [
      ['Merge into the base', 'git amp merge fix-parser'],
      ['As one commit', 'git amp merge fix-parser --squash -m "parser: handle nested quotes"'],
      ['See what it would do', 'git amp merge fix-parser -n'],
      ['And push the base', 'git amp merge fix-parser --push'],
      ['Open a pull request instead', 'git amp merge fix-parser --pr'],
    ],
  })

  session = Option.String({ name: 'session', required: false })
  remote = Option.String({ name: 'remote', required: false })
  into = Option.String('--into', { description: 'Into this branch instead of the base' })
  squash = Option.Boolean('--squash', false, { description: 'As one new commit on the base' })
  ffOnly = Option.Boolean('--ff-only', false, { description: 'Only when the base can be fast-forwarded' })
  noFf = Option.Boolean('--no-ff', false, {
    description: 'Make a merge commit even when the base could be fast-forwarded',
  })
  rebase = Option.Boolean('--rebase', true, { description: 'Rebase first (default)' })
  manual = Option.String('--manual', {
    description: 'In a squash, your own commits: keep them (default), or include them',
  })
  message = Option.Array('-m,--message', {
    description: 'Message of the squash or merge commit; several are paragraphs',
  })
  file = Option.String('-F,--file', { description: 'Take the message from a file; - is standard input' })
  edit = Option.Boolean('-e,--edit', false, { description: 'Write the message in an editor' })
  keep = Option.Boolean('--keep', false, { description: 'Keep worktree and branch' })
  push = Option.String('--push', {
    tolerateBoolean: true,
    description: 'Push the base afterwards, to its remote or to this one',
  })
  pr = Option.Boolean('--pr', false, { description: 'Push the branch and open a pull request instead of merging' })
  force = Option.Boolean('-f,--force', false, { description: 'Merge although the last iteration was interrupted' })
  check = Option.Boolean('--check', false, { description: 'Only look at what the merge would meet' })
  test = Option.Boolean('--test', {
    description: 'With --check: run the tests on what would land. --no-test merges whatever they say',
  })
  goOn = Option.Boolean('--continue', false, { description: 'Go on with a merge that was stopped' })
  abort = Option.Boolean('--abort', false, { description: 'Take back what a merge that was stopped has done' })
  dryRun = Option.Boolean('-n,--dry-run', false, { description: 'Only show what would be done' })
  json = Option.Boolean('--json', false, { description: 'Print the result as JSON' })

  async run(): Promise<number | undefined> {
    this.checkOptions()
    const repo = await this.open({ writes: true })
    const { ui, signal } = this.context
    const style = styleOption(this)
    const { into, test, json } = this
    const { session, push } = await this.words(repo)
    if (this.check) return showPreflight(repo, this.context, { session, into, style, test, json })
    if (this.abort) return this.takeBack(repo)
    const listening = {
      signal,
      onStep: (step: MergeStep) => ui.tell(renderStep(step, (slot, text) => ui.paint(slot, text))),
      onTest: (command: string) => ui.tell(`Testing: ${oneLine(command)}`),
      onWait: (whom: string) => ui.tell(`Waiting for ${oneLine(whom)}`),
    }
    const result = this.goOn
      ? await continueMerge(repo, { session, ...listening })
      : await mergeSession(repo, {
          ...(await this.plan(repo, style)),
          session,
          push,
          dryRun: this.dryRun,
          ...listening,
        })
    this.answer(result)
    return undefined
  }

  private checkOptions(): void {
    const steps = [this.goOn, this.abort, this.check].filter(Boolean).length
    if (steps > 1) throw usage('--continue, --abort and --check exclude each other')
    const begins = [this.into, this.message, this.file, this.push, this.manual].some((given) => given !== undefined)
    const others = [this.squash, this.ffOnly, this.noFf, this.keep, this.pr, this.dryRun, this.edit]
    if ((this.goOn || this.abort) && (begins || others.some(Boolean)))
      throw usage('--continue and --abort take no other option: a merge goes on as it was begun')
    if (this.test === true && !this.check) throw usage('--test goes with --check')
    if (this.pr && this.keep) throw usage('--pr keeps worktree and branch anyway')
    if (this.manual !== undefined && this.manual !== 'keep' && this.manual !== 'include')
      throw usage(`--manual takes keep or include, not '${this.manual}'`)
    if (this.remote !== undefined && this.push !== true && !this.pr) throw usage('a remote goes with --push or --pr')
  }

  /** The remote may stand behind `--push` as a word of its own, also where the session is left out. */
  private async words(repo: Repo): Promise<{ session: string | undefined; push: string | true | undefined }> {
    const { session, remote } = this
    const push = this.push === false ? undefined : this.push
    const wantsRemote = push === true || this.pr
    if (!wantsRemote || remote !== undefined) return { session, push: remote ?? push }
    const isRemote = session !== undefined && (await isRemoteOnly(repo, session))
    return isRemote ? { session: undefined, push: session } : { session, push }
  }

  private async plan(repo: Repo, style: MergeStyle | undefined): Promise<MergePlan> {
    const { into, keep, pr, force, rebase, test } = this
    const help = 'Write the message of the merge.'
    const sources = { paragraphs: this.message, file: this.file, edit: this.edit, name: 'message', help }
    const message = (await givenText(repo, this.context, sources)) ?? undefined
    const manual = this.manual as MergePlan['manual']
    return { into, style, message, manual, keep, pr, force, rebase, test: test ?? true }
  }

  private async takeBack(repo: Repo): Promise<undefined> {
    const { ui } = this.context
    const tip = await abortMerge(repo, { session: this.session })
    const head = tip.snapshot.heads[0] ?? ''
    if (this.json) ui.json({ schema: 'git-amp/merge-aborted@1', session: tip.id, head })
    else ui.answer(`aborted: ${oneLine(tip.snapshot.branch)} is at ${head.slice(0, 12)} again`)
  }

  private answer(result: MergeResult): void {
    const { ui } = this.context
    const { updated, isDryRun, pending, unsigned, review } = result
    if (pending !== null) ui.tell(pendingLine(pending))
    if (unsigned !== null) ui.warn(`the commit is not signed: ${unsigned}`)
    if (result.via === 'ff' && this.message !== undefined && result.steps[0]?.name !== 'squash')
      ui.warn('the message is not used: a fast-forward makes no commit')
    if (updated !== null && !isDryRun) ui.tell(`Updated the checkout in ${updated}`)
    if (this.json) ui.json(mergeJson(result))
    else ui.answer(mergeWords(result))
    if (review !== null && !review.isOpened) {
      const where = review.url === '' ? 'where the repository is hosted' : 'there'
      ui.hint(`Open the pull request ${where} (${oneLine(review.problem ?? '')}).`, 'ampMerged')
    }
    if (isDryRun || (result.via === null && review === null)) return
    if (result.pushed !== null || review !== null)
      ui.hint('git amp undo takes back all but what was pushed', 'ampMerged')
    else if (result.cleaned !== null) ui.hint('git amp undo takes all of it back', 'ampMerged')
  }
}
