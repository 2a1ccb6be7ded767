import { Command, Option } from 'clipanion'
import {
  type ListedSession,
  type ListOptions,
  type ListResult,
  listSessions,
  sessionStates,
  sortKeys,
} from '../actions/list.js'
import { listRemoteSessions } from '../actions/list-remote.js'
import { worktreesOf } from '../actions/shared/worktrees.js'
import { canAnswer } from '../cli/ask.js'
import { inColumns } from '../cli/columns.js'
import { AmpCommand } from '../cli/command.js'
import { checkForms } from '../cli/forms.js'
import type { LiveScreen } from '../cli/screen.js'
import { exitCodes, fatal, usage } from '../errors.js'
import { listFields, listValues, plainValues, porcelain, sessionJson } from '../render/json.js'
import { renderList, type Screen } from '../render/session.js'
import type { Repo } from '../repo.js'
import type { Advice } from '../util/advice.js'
import { compileFormat } from '../util/format.js'
import { oneLine } from '../util/sanitize.js'
import { plural } from '../util/time.js'

/** `git amp list`, and bare `git amp` */
export class ListCommand extends AmpCommand {
  static override paths = [['list'], ['ls']]
  static override kinds = {
    '--state': sessionStates.join('|'),
    '--label': 'none:label',
    '--sort': 'updated|created|name|state',
    '--porcelain': 'v1|',
  }
  static override usage = Command.Usage({
    category: 'Look at sessions',
    description: 'List the sessions of this repository',
    details: `
      Shows the open sessions, the one that changed last first. \`*\` marks the session of this worktree, \`!\` one that waits for its user. With
      \`-a\` merged and closed sessions are shown as well.

      States:

      - \`idle\`: nothing runs; it waits for the next step
      - \`running\`: an agent works in it, here or on another machine
      - \`waiting\`: its agent waits for a login or an approval
      - \`interrupted\`: its last iteration was stopped or killed
      - \`failed\`: the agent of its last iteration failed
      - \`diverged\`: two clones went on with it at once
      - \`conflict\`: a rebase of it stands in a conflict, here or on the machine that is named
      - \`merged\`, \`closed\`: done
      - \`review\`: a pull request is open for it
      - \`paused\`: its worktree is put aside

      \`><\` behind the state: \`git amp conflicts\` saw that it conflicts with its base or another session, and neither has moved since.
      \`--watch\` keeps the list on the terminal and draws what changes, without asking git while nothing does; \`q\` or Ctrl-C leaves, and the last list stays.

      Fields of \`--format\` are those of \`--porcelain\`, and \`id\`, \`id:short\`: ${listFields.map((field) => `\`${field}\``).join(', ')}.
    `,
    examples: [
      ['The open sessions', 'git amp'],
      ['What a remote has, without fetching it', 'git amp list --remote origin'],
      ['Watch agents at work', 'git amp list --watch'],
      ['All sessions, by name', 'git amp list -a --sort name'],
      ['Ids and branches for a script', "git amp list --format '%(id) %(branch)'"],
    ],
  })

  all = Option.Boolean('-a,--all', false, { description: 'Merged and closed sessions too' })
  states = Option.Array('--state', { description: 'Only sessions in this state; may be repeated' })
  labels = Option.Array('--label', { description: 'Only sessions with this label; repeated, with all of them' })
  sort = Option.String('--sort', { description: 'Sort by updated, created, name or state; a leading - turns it round' })
  maxCount = Option.String('-n,--max-count', { description: 'Show at most this many' })
  format = Option.String('--format', { description: 'Print each session in this form, as "git for-each-ref" does' })
  porcelain = Option.String('--porcelain', {
    tolerateBoolean: true,
    description: 'Print records for scripts, in a form that stays',
  })
  nul = Option.Boolean('-z', false, { description: 'End lines with NUL instead of newline' })
  remote = Option.String('--remote', {
    description: 'List the sessions of another repository; nothing of them is kept',
  })
  json = Option.Boolean('--json', false, { description: 'Print the sessions as JSON' })

  watch = Option.Boolean('--watch', false, { description: 'Keep showing them on the terminal, as they change' })

  async run(): Promise<number | undefined> {
    const { ui, host } = this.context
    const maxCount = this.maxCount === undefined ? undefined : Number(this.maxCount)
    if (maxCount !== undefined && !(Number.isInteger(maxCount) && maxCount >= 0))
      throw usage(`--max-count takes a number, not '${this.maxCount}'`)
    const unknown = this.states?.find((state) => !sessionStates.some((known) => known === state))
    if (unknown !== undefined) throw usage(`unknown state '${unknown}'`, `The states are ${sessionStates.join(', ')}.`)
    const key = this.sort?.replace(/^-/, '')
    if (key !== undefined && !sortKeys.some((known) => known === key))
      throw usage(`cannot sort by '${key}'`, `Sort by ${sortKeys.join(', ')}.`)
    checkForms(this)
    this.checkWatch()
    const repo = await this.open()
    const wanted = { all: this.all, states: this.states, labels: this.labels, sort: this.sort, maxCount }
    if (this.watch) return this.keepWatching(repo, wanted)
    const { remote } = this
    const { sessions, broken, hidden } =
      remote === undefined
        ? await listSessions(repo, wanted)
        : await listRemoteSessions(repo, { ...wanted, remote, canAsk: canAnswer(this.context) })
    for (const { ref, reason } of broken) ui.warn(`${ref} cannot be read: ${oneLine(reason)}`)
    if (this.json || this.format !== undefined || this.porcelain !== undefined) await this.forMachines(repo, sessions)
    else ui.answer(renderList(sessions, this.look(ui.width, host.now())))
    for (const { text, name } of hintsOf(sessions, hidden)) ui.hint(text, name)
    return broken.length > 0 ? 1 : 0
  }

  private checkWatch(): void {
    if (!this.watch) return
    if (this.json || this.format !== undefined || this.porcelain !== undefined || this.remote !== undefined)
      throw usage('--watch is for people, and for the sessions of this repository')
    const { stdout, host } = this.context
    if (stdout.isTTY !== true || host.env.TERM === 'dumb')
      throw fatal(
        '--watch draws on a terminal, and standard output is none',
        'A script asks again: "git amp list --json".',
      )
  }

  /** The list on the whole terminal until the user leaves: with q, as a pager, or Ctrl-C. */
  private async keepWatching(repo: Repo, wanted: ListOptions): Promise<number> {
    const { stdin, stdout, signal, ui, host } = this.context
    // Not at the top: the list itself is to be quick.
    const [{ LiveScreen, listenToKeys }, { watchSessions }] = await Promise.all([
      import('../cli/screen.js'),
      import('../actions/watch.js'),
    ])
    const stop = new AbortController()
    const leave = () => stop.abort(signal.reason)
    signal.addEventListener('abort', leave)
    let result = await listSessions(repo, wanted)
    let isInterrupted = false
    const screen = new LiveScreen(stdout)
    const draw = () => screen.draw(this.watchLines(result, screen))
    const giveBack = listenToKeys(stdin, (key) => {
      isInterrupted ||= key === '\x03'
      if (['q', 'Q', '\x03', '\x04', '\x1b'].includes(key)) stop.abort()
    })
    stdout.on('resize', draw)
    try {
      draw()
      for await (const what of watchSessions(repo, { signal: stop.signal })) {
        if (what === 'changed') result = await listSessions(repo, wanted)
        draw()
      }
    } finally {
      stdout.off('resize', draw)
      giveBack()
      screen.close()
      signal.removeEventListener('abort', leave)
    }
    // What was seen last stays to be read.
    ui.answer(renderList(result.sessions, this.look(screen.columns, host.now())))
    return isInterrupted ? exitCodes.interrupted : 0
  }

  private watchLines({ sessions, broken, hidden }: ListResult, screen: LiveScreen): string[] {
    const { ui, host } = this.context
    const table = renderList(sessions, this.look(screen.columns, host.now()))
    const hints = ui.isQuiet ? [] : hintsOf(sessions, hidden).filter(({ name }) => ui.advises(name))
    const below = [
      ...broken.map(({ ref, reason }) => `warning: ${ref} cannot be read: ${oneLine(reason)}`),
      ...hints.map(({ text }) => ui.paint('hint', `hint: ${text}`)),
    ]
    const rows = table === '' ? [] : table.split('\n')
    const room = Math.max(1, screen.rows - 2 - below.length)
    const more = rows.length > room ? [`  ... and ${rows.length - room + 1} more`] : []
    const shown = more.length > 0 ? rows.slice(0, room - 1) : rows
    return [...shown, ...more, ...below, '', ui.paint('dim', 'q leaves')]
  }

  private look(width: number | null, now: Date): Screen {
    return { paint: (slot, text) => this.context.ui.paint(slot, text), now, width }
  }

  private async forMachines(repo: Repo, sessions: readonly ListedSession[]): Promise<void> {
    const { ui } = this.context
    const pathOf = await worktreesOf(repo)
    if (this.json) {
      return ui.json({
        schema: 'git-amp/list@1',
        sessions: sessions.map((one) => ({
          ...sessionJson(one, one.state, pathOf(one)),
          shortId: one.shortId,
          isCurrent: one.isCurrent,
          setup: one.setup,
          isColliding: one.isColliding,
        })),
      })
    }
    const values = sessions.map((session) => plainValues(listValues(session, pathOf(session)), this.nul))
    if (this.format === undefined) return ui.answer(porcelain(values, listFields, this.nul))
    const fill = compileFormat(this.format, [...listFields, 'id', 'id:short'])
    const lines = values.map(fill)
    const isForPeople = !this.nul && ui.width !== null && !lines.some((line) => line.includes('\n'))
    ui.answer(
      isForPeople ? await inColumns(repo, ui, lines) : lines.map((line) => `${line}${this.nul ? '\0' : '\n'}`).join(''),
    )
  }
}

/** What the user can do about sessions that wait for it. */
function hintsOf(sessions: readonly ListedSession[], hidden: number): { text: string; name: Advice }[] {
  const texts: string[] = []
  const interrupted = sessions.find((session) => session.state === 'interrupted')
  if (interrupted !== undefined) {
    const { shortId, snapshot } = interrupted
    const what = snapshot.open.length > 0 ? 'keeps its work and goes on' : 'goes on'
    texts.push(`${shortId} was interrupted; "git amp iterate ${shortId}" ${what}`)
  }
  for (const { shortId, state, waitsFor } of sessions)
    if (state === 'waiting' && waitsFor !== null)
      texts.push(`${shortId}: ${waitsFor}; then "git amp iterate ${shortId}" goes on`)
  for (const { shortId, state } of sessions.filter((session) => session.isRebasing)) {
    const how =
      state === 'conflict'
        ? `with "git amp rebase --continue ${shortId}"`
        : 'in its worktree with "git rebase --continue"'
    texts.push(`${shortId} is being rebased; finish it ${how}`)
  }
  const pending = texts.map((text) => ({ text, name: 'ampPending' as const }))
  return sessions.length === 0 ? [...pending, { text: emptyHint(hidden), name: 'ampEmpty' }] : pending
}

const emptyHint = (hidden: number): string =>
  hidden === 0
    ? `There are no sessions. Start one with "git amp new -m '<prompt>'".`
    : `There are no open sessions; "git amp list -a" shows ${plural(hidden, 'other')}.`
