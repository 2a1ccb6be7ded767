import { Command, Option } from 'clipanion'
import { idleSessions, pickSessions } from '../actions/choose.js'
import { hasStarted, openLog } from '../actions/detach.js'
import type { IterateNews, IterateOptions, IterateResult } from '../actions/iterate.js'
import { iterateSession } from '../actions/iterate.js'
import { notify } from '../actions/shared/notify.js'
import { showSession } from '../actions/show.js'
import { defaultIterations, iterateUntilPass, type LoopEnd } from '../actions/until-pass.js'
import { startInBackground } from '../cli/background.js'
import { AmpCommand } from '../cli/command.js'
import { runLive } from '../cli/live.js'
import { answerText, iterationNews } from '../cli/news.js'
import { Progress } from '../cli/progress.js'
import { givenText } from '../cli/text.js'
import { AmpError, usage } from '../errors.js'
import { detachedVariable } from '../git/env.js'
import { failedJson, outcomeJson } from '../render/iterate-json.js'
import { remarkTexts, renderIterate, unrecordedWords } from '../render/session.js'
import type { Repo } from '../repo.js'
import type { ChainTip } from '../state/chain.js'
import { parseDollars } from '../util/amounts.js'
import { oneLine } from '../util/sanitize.js'
import { parseDuration, plural } from '../util/time.js'

/** Everything that became of one session. */
interface Outcome {
  tip: ChainTip
  rounds: IterateResult[]
  end: LoopEnd | null
}

/** `git amp iterate [<session>...]` */
export class IterateCommand extends AmpCommand {
  static override paths = [['iterate'], ['run']]
  static override kinds = { '--manual': 'commit|refuse' }
  static override usage = Command.Usage({
    category: 'Work in a session',
    description: 'Run the agent once; its work becomes one commit',
    details: `
      Runs the agent in the session's worktree. Whatever it does there, edits, own commits or none, becomes exactly one commit whose subject
      starts with \`amp:\`, or a recorded "no change". Then the session's test command runs, and its result is recorded for that tree.

      Without \`-m\` the first iteration runs the session's own prompt; later ones ask the agent to go on, and tell it what the tests said. With
      \`--until-pass\` this is done again until the tests pass, the agent fails, it twice changes nothing, or the limit is reached.

      Changes found in the worktree are the user's: they are committed first, as the user's own commit, apart from what a failed agent had left
      there, which becomes that agent's commit. Hooks run as for any commit; when one
      fails, the commit is made without it and the iteration says so. An iteration that was killed is picked up by the next one: what it left
      becomes its commit. A worktree that is gone is made again from the branch. An agent that cannot continue its thread begins a new one, and
      is told the goal and what happened so far.

      Ctrl-C stops the agent and every tool it started, and records what there is; so does \`git amp stop\` from another terminal. An agent is
      stopped after \`amp.timeout\` (2h) in all, and after \`amp.idleTimeout\` (15m) of silence; 0 is no limit. When an agent fails, what it did is
      committed, or left in the worktree with \`amp.onFailure=keep\`: then the next iteration commits it as the agent's, and only what was
      changed since as the user's own.

      Several sessions, or \`--all\` open ones that nothing runs in, are iterated side by side, \`-j\` at a time; one that fails does not stop the
      others. With \`-d\` the run goes on in the background: \`git amp log --follow\` shows it, \`git amp stop\` ends it.

      What the agent used and cost is recorded as far as it tells; prices in the configuration (\`amp.price.<model>\`) count when it names
      no cost. With \`--max-cost\` or \`amp.maxCost\` no iteration begins once the session has cost that much. The ceiling is checked between
      iterations: one of them may overshoot it, and one without a known cost is not counted.

      An iteration that took longer than \`amp.notifyAfter\` (30 seconds) ends with a notification, where somebody may see it: on the
      terminal, on the desktop, and by \`amp.notifyCommand\`.

      The exit code is 0 when the agent succeeded and the tests passed, 1 when one of them did not.
    `,
    examples: [
      ['Run the first iteration', 'git amp iterate fix-parser'],
      ['Say what to do next', 'git amp iterate fix-parser -m "Add tests for the empty string"'],
      ['Let the agent try until the tests pass, five times at most', 'git amp iterate --until-pass --max-iterations 5'],
      ['Every open session, four at a time', 'git amp iterate --all -j 4'],
      ['In the background', 'git amp iterate -d fix-parser'],
    ],
  })

  sessions = Option.Rest({ name: 'session' })
  prompt = Option.Array('-m,--prompt', { description: 'What the agent is to do now; several are paragraphs' })
  file = Option.String('-F,--file', { description: 'Take the prompt from a file; - is standard input' })
  edit = Option.Boolean('-e,--edit', false, { description: 'Write the prompt in an editor' })
  agent = Option.String('--agent', { description: 'Another agent than the session has' })
  model = Option.String('--model', { description: 'The model or mode the agent uses' })
  manual = Option.String('--manual', { description: 'What to do with changes found in the worktree: commit or refuse' })
  untilPass = Option.Boolean('--until-pass', false, { description: 'Iterate again until the tests pass' })
  maxIterations = Option.String('--max-iterations', { description: `Try at most this often (${defaultIterations})` })
  all = Option.Boolean('--all', false, { description: 'Every open session that nothing runs in' })
  jobs = Option.String('-j,--jobs', { description: 'So many sessions at a time (amp.jobs, 2)' })
  detach = Option.Boolean('-d,--detach', false, { description: 'Run in the background' })
  timeout = Option.String('--timeout', { description: 'Stop the agent after this time: 90s, 10m, 2h (amp.timeout)' })
  maxCost = Option.String('--max-cost', {
    description: 'Start no iteration once the session has cost this, in US dollars (amp.maxCost)',
  })
  force = Option.Boolean('-f,--force', false, {
    description: 'Go on although an iteration has not ended on another machine',
  })
  verbose = Option.Boolean('-v,--verbose', false, { description: 'Show all that the agent and the tests print' })
  json = Option.Boolean('--json', false, { description: 'Print the iterations as JSON' })

  async run(): Promise<number | undefined> {
    const options = await this.options()
    const repo = await this.open({ writes: true })
    const maxIterations = this.number('--max-iterations', this.maxIterations) ?? defaultIterations
    const jobs = this.number('--jobs', this.jobs) ?? (await repo.config()).count('amp.jobs') ?? 2
    if (this.maxIterations !== undefined && !this.untilPass) throw usage('--max-iterations goes with --until-pass')
    const tips = this.all ? await idleSessions(repo) : await pickSessions(repo, this.sessions)
    const prompt = await this.givenPrompt(repo)
    if (tips.length === 0) this.context.ui.hint('There is no open session that could be iterated.', 'ampEmpty')
    if (this.detach && tips.length > 0) return this.inBackground(repo, tips, prompt)
    const isAlone = !this.all && tips.length === 1
    const run = async (tip: ChainTip, on: (news: IterateNews) => void): Promise<Outcome> => {
      const own = isAlone ? repo : await this.openBeside()
      const began = this.context.host.now().getTime()
      const all = { ...options, prompt, session: tip.id, on }
      const outcome = this.untilPass
        ? { tip, ...(await iterateUntilPass(own, { ...all, maxIterations })) }
        : { tip, rounds: [await iterateSession(own, all)], end: null }
      const last = outcome.rounds.at(-1)
      const elapsedMs = this.context.host.now().getTime() - began
      if (last !== undefined) await notify(own, last, { ...this.context, elapsedMs })
      return outcome
    }
    const results = await this.show(tips, run, { jobs, isAlone })
    const code = this.report(tips, results, isAlone)
    if (this.json) await this.answerJson(repo, tips, results)
    return code
  }

  private async options(): Promise<Omit<IterateOptions, 'session' | 'prompt' | 'on'>> {
    const { manual } = this
    if (manual !== undefined && manual !== 'commit' && manual !== 'refuse') {
      throw usage(`--manual takes commit or refuse, not '${manual}'`)
    }
    if (this.all && this.sessions.length > 0) throw usage('--all takes no session')
    const timeoutMs = this.timeout === undefined ? undefined : parseDuration(this.timeout)
    if (timeoutMs === null)
      throw usage(`'${this.timeout}' is no length of time`, 'Write 90s, 10m, 2h, or 0 for no limit.')
    const maxCost = this.maxCost === undefined ? undefined : parseDollars(this.maxCost)
    if (maxCost === null) throw usage(`'${this.maxCost}' is no amount of US dollars`, 'Write 5 or 2.50.')
    const { host, signal } = this.context
    const detached = host.env[detachedVariable] !== undefined
    return { agent: this.agent, model: this.model, manual, force: this.force, timeoutMs, maxCost, detached, signal }
  }

  private number(option: string, text: string | undefined): number | undefined {
    if (text === undefined) return undefined
    if (!/^[1-9]\d{0,5}$/.test(text)) throw usage(`${option} takes a number from 1 on, not '${text}'`)
    return Number(text)
  }

  private async givenPrompt(repo: Repo): Promise<string | undefined> {
    const help = 'Write what the agent is to do now.'
    const sources = { paragraphs: this.prompt, file: this.file, edit: this.edit, name: 'prompt', help }
    return (await givenText(repo, this.context, sources)) ?? undefined
  }

  /** Runs them under one live view on a terminal, and with plain lines elsewhere. */
  private async show(
    tips: readonly ChainTip[],
    run: (tip: ChainTip, on: (news: IterateNews) => void) => Promise<Outcome>,
    { jobs, isAlone }: { jobs: number; isAlone: boolean },
  ): Promise<PromiseSettledResult<Outcome>[]> {
    const { ui, host, signal } = this.context
    const isLive = ui.isTerminal && !this.verbose && !this.quiet
    if (isAlone && !isLive) {
      const [tip] = tips as [ChainTip]
      return Promise.allSettled([run(tip, iterationNews(ui, { verbose: this.verbose }))])
    }
    const now = () => host.now().getTime()
    let isTold = false
    const tasks = tips.map((tip) => {
      const progress = new Progress(tip.snapshot.name, now())
      const prefix = `${tip.id.slice(0, 4)} ${oneLine(tip.snapshot.slug)}: `
      const news = iterationNews(ui, { verbose: this.verbose, prefix: isAlone ? '' : prefix, isLive })
      const tell = (one: IterateNews) => {
        // Ctrl-C stops them all, and is told once.
        if (one.type !== 'stopping' || !signal.aborted) return news(one)
        if (!isTold) iterationNews(ui, { isLive })(one)
        isTold = true
      }
      return {
        title: () => progress.title(now()),
        detail: () => progress.detail(),
        isBad: (outcome: Outcome) => isBad(outcome),
        run: async () => {
          const outcome = await run(tip, (news) => {
            progress.add(news, now())
            tell(news)
          })
          const last = outcome.rounds.at(-1)
          if (last !== undefined) progress.end(renderIterate(last))
          // The view is about to vanish, and with it what the agent said.
          if (isLive && isAlone && last?.summary) ui.tell(answerText(last.summary))
          return outcome
        },
      }
    })
    return runLive(this.context, tasks, { jobs, isLive })
  }

  /** Prints what became of each. @returns the exit code */
  private report(
    tips: readonly ChainTip[],
    results: readonly PromiseSettledResult<Outcome>[],
    isAlone: boolean,
  ): number {
    const { ui } = this.context
    const [first] = results
    // Of one alone the error is the command's.
    if (isAlone && first?.status === 'rejected') throw first.reason
    const codes = results.map((result, index) => {
      const [id = '', name = ''] = [tips[index]?.id.slice(0, 4), oneLine(tips[index]?.snapshot.slug ?? '')]
      if (result.status === 'rejected') {
        const error = errorOf(result.reason)
        ui.error('error', `${id} ${name}: ${oneLine(error.message)}`, error.hints)
        return 1
      }
      return this.reportOne(result.value, isAlone ? '' : `${id} ${name}: `)
    })
    const failed = codes.filter((code) => code !== 0).length
    if (!isAlone && failed > 0) ui.error('error', `${failed} of ${plural(codes.length, 'session')} did not succeed`, [])
    return failed > 0 ? 1 : 0
  }

  private async answerJson(
    repo: Repo,
    tips: readonly ChainTip[],
    results: readonly PromiseSettledResult<Outcome>[],
  ): Promise<void> {
    const isAlone = !this.all && tips.length === 1
    // Worktrees may have been made meanwhile.
    repo.forgetWorktrees()
    const shownOf = async (tip: ChainTip | undefined) => showSession(repo, { session: tip?.id })
    const values = await Promise.all(
      results.map(async (result, index) =>
        result.status === 'fulfilled'
          ? outcomeJson(await shownOf(tips[index]), result.value)
          : failedJson(await shownOf(tips[index]), errorOf(result.reason)),
      ),
    )
    const [only] = values
    if (isAlone && !this.untilPass) this.context.ui.json({ schema: 'git-amp/iteration@1', ...only?.rounds[0] })
    else this.context.ui.json({ schema: 'git-amp/iterations@1', sessions: values })
  }

  private reportOne({ tip, rounds, end }: Outcome, prefix: string): number {
    const { ui } = this.context
    for (const result of rounds) {
      // What was told when it happened is not told again.
      const { newThread, ...others } = result.remarks
      for (const { line, below } of remarkTexts(this.quiet ? result.remarks : others)) {
        ui.warn(`${prefix}${line}`)
        if (this.verbose && below !== '') ui.tell(below)
      }
      if (!this.json) ui.answer(`${prefix}${renderIterate(result)}`)
      if (result.outcome === 'failed') {
        ui.error('error', `${prefix}the agent failed: ${oneLine(result.reason ?? 'unknown reason')}`, [])
      }
    }
    const last = rounds.at(-1)
    if (last === undefined) return 1
    const unrecorded = last.tests === null ? null : unrecordedWords(last.tests)
    if (unrecorded !== null) ui.warn(`${prefix}${unrecorded}`)
    if (last.tests !== null && last.tests.exit !== 0) {
      ui.error('error', `${prefix}the tests fail: ${oneLine(last.tests.command)}`, [
        `"git amp show ${tip.id.slice(0, 4)} --iteration ${last.iteration.n}" shows what they printed.`,
      ])
    }
    if (last.tests === null && last.passed === false && end === null) {
      ui.error('error', `${prefix}nothing changed, and the tests fail as before`, [
        `"git amp test ${tip.id.slice(0, 4)} -f" runs them again.`,
      ])
    }
    if (end === 'limit')
      ui.error('error', `${prefix}the tests still fail after ${plural(rounds.length, 'iteration')}`, [])
    if (end === 'stuck') ui.error('error', `${prefix}the agent changes nothing any more, and the tests fail`, [])
    return isBad({ tip, rounds, end }) ? 1 : 0
  }

  /** Starts this git-amp again, without a terminal, and waits until it has begun. */
  private async inBackground(repo: Repo, tips: readonly ChainTip[], prompt: string | undefined): Promise<number> {
    const { host } = repo
    const { ui, self } = this.context
    const [first] = tips as [ChainTip]
    const log = await openLog(repo, first.id)
    const flags: [string, string | boolean | undefined][] = [
      ['--agent', this.agent],
      ['--model', this.model],
      ['--manual', this.manual],
      ['--until-pass', this.untilPass],
      ['--max-iterations', this.maxIterations],
      ['--jobs', this.jobs],
      ['--timeout', this.timeout],
      ['--max-cost', this.maxCost],
      ['--force', this.force],
      ['--verbose', this.verbose],
    ]
    const given = flags.flatMap(([flag, value]) =>
      typeof value === 'string' ? [`${flag}=${value}`] : value === true ? [flag] : [],
    )
    const call = {
      argv: [...self, 'iterate', ...tips.map((tip) => tip.id), ...given, ...(prompt === undefined ? [] : ['-F', '-'])],
      cwd: host.cwd,
      env: { ...host.env, [detachedVariable]: '1' },
      stdin: prompt ?? null,
      log,
    }
    const background = await startInBackground(host.fs, call)
    const isRunning = await hasStarted(repo, background.pid, () => background.exitCode() !== null)
    if (!isRunning && background.exitCode() !== 0) {
      // It failed before it began: what it said is the answer.
      this.context.stderr.write(await host.fs.readFile(log, 'utf8'))
      return background.exitCode() ?? 1
    }
    ui.answer(tips.map((tip) => tip.id).join('\n'))
    const name = oneLine(first.snapshot.slug)
    ui.tell(`${tips.length === 1 ? `${name} is` : `${plural(tips.length, 'session')} are`} iterated in the background.`)
    ui.hint(`"git amp log --follow ${first.id.slice(0, 4)}" shows it; "git amp stop" ends it.`, 'ampDetach')
    return 0
  }
}

const errorOf = (reason: unknown): AmpError =>
  reason instanceof AmpError ? reason : new AmpError('fatal', String(reason))

function isBad({ rounds, end }: Outcome): boolean {
  const last = rounds.at(-1)
  if (last === undefined || (end !== null && end !== 'pass')) return true
  return last.outcome === 'failed' || last.isStopped || last.passed === false
}
